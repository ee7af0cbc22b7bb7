"""Which keys sound when, as a MIDI file says: the little of the format that a score needs."""
import struct

import numpy as np

DRUMS = 9  # channel 10, counted from 0
# Of General MIDI: kick drums; snares and toms; hi-hats and cymbals; the others.
DRUM_NOTES = {35, 36}, {38, 39, 40, 41, 43, 45, 47, 48, 50}, {42, 44, 46, 49, *range(51, 60)}


def number(data, at):
    """A number of seven bits a byte, and where the next thing begins."""
    value = 0
    while True:
        value = value << 7 | data[at] & 127
        at += 1
        if data[at - 1] < 128:
            return value, at


def events(track):
    """(tick, status, first byte, second byte) of a track's notes; (tick, 255, tempo, 0) of its tempi."""
    at = tick = status = 0
    while at < len(track):
        delta, at = number(track, at)
        tick += delta
        if track[at] >= 128:
            status, at = track[at], at + 1
        if status == 255:
            kind = track[at]
            size, at = number(track, at + 1)
            if kind == 0x51:
                yield tick, 255, int.from_bytes(track[at:at + 3], "big"), 0
            at += size
        elif status in (0xF0, 0xF7):
            size, at = number(track, at)
            at += size
        else:
            size = 1 if status >> 4 in (12, 13) else 2
            if status >> 4 in (8, 9):
                yield tick, status, track[at], track[at + 1]
            at += size


def notes(path):
    """[(channel, MIDI number, begin, end)], in seconds."""
    with open(path, "rb") as file:
        data = file.read()
    assert data[:4] == b"MThd"
    division, at, merged = struct.unpack(">H", data[12:14])[0], 14, []
    while at < len(data):
        size = struct.unpack(">I", data[at + 4:at + 8])[0]
        if data[at:at + 4] == b"MTrk":
            merged += events(data[at + 8:at + 8 + size])
        at += 8 + size
    tempo, now, last, held, found = 500000, 0.0, 0, {}, []
    for tick, status, first, second in sorted(merged, key=lambda event: event[0]):
        now, last = now + (tick - last) * tempo / division / 1e6, tick
        if status == 255:
            tempo = first
            continue
        note = status & 15, first
        if note in held:
            found.append((*note, held.pop(note), now))
        if status >> 4 == 9 and second:
            held[note] = now
    return found


def sounding(path, frames, interval=0.02, keys=range(27, 60)):
    """(keys, frames): does the key sound, on any channel but the drums', in the middle of the frame?"""
    roll = np.zeros((len(keys), frames), bool)
    for channel, number_, begin, end in notes(path):
        if channel != DRUMS and number_ - 20 in keys:
            first, last = (max(0, int(np.ceil(time / interval - 0.5))) for time in (begin, end))
            roll[number_ - 20 - keys[0], first:last] = True
    return roll


def beginnings(path, seconds):
    """Four lists of when drums begin: low, middle, high, others; those within 30 ms are one."""
    lists = [[], [], [], []]
    for channel, number_, begin, _ in sorted(notes(path), key=lambda note: note[2]):
        row = next((row for row, numbers in enumerate(DRUM_NOTES) if number_ in numbers), 3)
        if channel == DRUMS and begin < seconds and (not lists[row] or begin - lists[row][-1] > 0.03):
            lists[row].append(begin)
    return lists
