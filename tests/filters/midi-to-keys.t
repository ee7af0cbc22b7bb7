#!/bin/bash
# midi-to-keys: loudness by its formula and against another library's reading, every convention of the format, folders,
# and files that are cut, changed or no MIDI.
# shellcheck source=tests/tap.sh
. "$(dirname "$0")/../tap.sh"

PYTHONPATH=$here PYTHONDONTWRITEBYTECODE=1 /usr/bin/python3 - <<'PYTHON'
import io
import os
import subprocess
import urllib.parse

import mido
import numpy as np
from streams import Tap, run

tap = Tap()
FULL = 0.1 * (100 / 127) ** 2  # velocity 127 at the standard volume


def records(data):
    found, file = [], io.BytesIO(data)
    while file.tell() < len(data):
        start = file.tell()
        array = np.load(file)
        found.append((array, data[start:].split(b"\n")[0].decode("latin1")))
    return found


def listen(song, *options):
    """The loudness (2, keys, frames) of a whole song."""
    got = run(["midi-to-keys", "--as", "song", *options], song)
    if got.returncode or got.stderr:
        print("#", got.stderr)
        return np.full((2, 33, 1), np.nan)
    return records(got.stdout)[0][0]


def close(got, want, tolerance=1e-6):
    want = np.broadcast_to(want, np.shape(got))
    return np.isfinite(got).all() and abs(got - want).max() < tolerance


def chunk(kind, data):
    return kind + len(data).to_bytes(4, "big") + data


def song(*tracks, division=50, form=1):
    """A file; at a division of 50 and half a second a quarter, two ticks are a frame of 20 ms."""
    head = b"".join(n.to_bytes(2, "big") for n in (form, len(tracks), division & 0xFFFF))
    return chunk(b"MThd", head) + b"".join(chunk(b"MTrk", track) for track in tracks)


END = b"\0\xff\x2f\0"
ON, OFF = b"\x90\x3c\x7f", b"\x80\x3c\x40"


def span(data, *options, key=40):
    """[(first frame, last + 1)] in which the key sounds."""
    sounds = np.concatenate([[0], listen(data, *options)[0, key - 27] > 0, [0]]).astype(int)
    edges = np.flatnonzero(np.diff(sounds))
    return [tuple(pair) for pair in edges.reshape(-1, 2).tolist()]


# One note: where, how loud.
plain = song(b"\x14" + ON + b"\x28" + OFF + b"\x14" + END[1:])
keys = listen(plain)
want = np.zeros((2, 33, 40))
want[:, 13, 10:30] = FULL
tap.ok(keys.shape == want.shape and close(keys, want), "a note: its key, its frames, its loudness", keys.shape)
soft = listen(plain.replace(ON, b"\x90\x3c\x40"))
tap.ok(close(soft, want * (64 / 127) ** 2), "loudness is as the square of the velocity")
late = listen(plain.replace(b"\x14" + ON, b"\x15" + ON))
want[:, 13, 10], want[:, 13, 30] = FULL / 2 ** 0.5, FULL / 2 ** 0.5
want[:, 13, 11:30] = FULL
tap.ok(close(late[:, :, :40], want), "half a frame counts by its power")
fading = listen(plain, "--decay", "0.1")[0, 13]
fine = np.exp(-np.arange(0.5, 20000) / 1000 * 0.02 / 0.1).reshape(20, 1000)
tap.ok(close(fading[10:30], FULL * np.sqrt((fine ** 2).mean(1))), "--decay")

# What begins and ends a note.
for name, data, want in [
        ("a velocity of 0", song(b"\x14" + ON + b"\x28\x90\x3c\0" + END), [(10, 30)]),
        ("a running status", song(b"\x14" + ON + b"\x28\x3c\0\x14\x3c\x40\x14\x3c\0" + END), [(10, 30), (40, 50)]),
        ("... across a meta event", song(b"\x14" + ON + b"\0\xff\x01\x02hi\x28\x3c\0" + END), [(10, 30)]),
        ("a note struck again", song(b"\x14" + ON + b"\x14" + ON + b"\x14" + OFF + b"\x14" + OFF + END), [(10, 30)]),
        ("a note without an end", song(b"\x14" + ON + b"\x28" + END[1:]), [(10, 30)]),
        ("an end without a note", song(b"\x14" + OFF + b"\x14" + ON + b"\x14" + OFF + END), [(20, 30)]),
        ("another channel's end", song(b"\x14" + ON + b"\x14\x81\x3c\x40\x14" + OFF + END), [(10, 30)]),
        ("all notes off", song(b"\x14" + ON + b"\x14\xb0\x7b\0\x14" + OFF + END), [(10, 20)]),
        ("all sound off", song(b"\x14" + ON + b"\x14\xb0\x78\0\x14" + OFF + END), [(10, 20)]),
        ("the pedal", song(b"\0\xb0\x40\x7f\x14" + ON + b"\x14" + OFF + b"\x14\xb0\x40\0\x14" + END[1:]), [(10, 30)]),
        ("... half down is up", song(b"\0\xb0\x40\x3f\x14" + ON + b"\x14" + OFF + b"\x14" + END[1:]), [(10, 20)]),
        ("... of another channel", song(b"\0\xb1\x40\x7f\x14" + ON + b"\x14" + OFF + b"\x14" + END[1:]), [(10, 20)]),
        ("... does not end what is pressed", song(b"\0\xb0\x40\x7f\x14" + ON + b"\x14\xb0\x40\0\x14" + OFF + END),
         [(10, 30)]),
        ("... ends with the controllers", song(b"\0\xb0\x40\x7f\x14" + ON + b"\x14" + OFF + b"\x14\xb0\x79\0\x14" +
                                               END[1:]), [(10, 30)]),
        ("... and holds against all notes off", song(b"\0\xb0\x40\x7f\x14" + ON + b"\x14\xb0\x7b\0\x14\xb0\x40\0\x14" +
                                                     END[1:]), [(10, 30)]),
        ("no end of the track", song(b"\x14" + ON + b"\x28" + OFF), [(10, 30)]),
        ("events after the end", song(b"\x14" + ON + b"\x28" + OFF + END + b"\0" + ON + b"\xff\xff"), [(10, 30)]),
        ("SysEx", song(b"\x14" + ON + b"\x14\xf0\x03\x7e\x7f\xf7\x14\xf7\x01\xf8\0" + OFF + END), [(10, 30)]),
        ("other messages", song(b"\x14" + ON + b"\x14\xa0\x3c\x05\0\xc0\x05\0\xd0\x05\0\xe0\0\x05\x14" + OFF + END),
         [(10, 30)]),
        ("a time of four bytes", song(b"\x80\x80\x80\x14" + ON + b"\x28" + OFF + END), [(10, 30)])]:
    got = span(data)
    tap.ok(got == want, name, got)
pedal = song(b"\0\xb0\x40\x7f\x14" + ON + b"\x14" + OFF + b"\x14\xb0\x40\0\x14" + END[1:])
tap.ok(span(pedal, "--no-pedal") == [(10, 20)], "--no-pedal")

# Time.
fast = b"\0\xff\x51\x03\x03\xd0\x90"  # 250,000 microseconds
tap.ok(span(song(fast + b"\x28" + ON + b"\x50" + OFF + END)) == [(10, 30)], "a tempo")
tap.ok(span(song(b"\x0a" + fast[1:] + b"\x14" + ON + b"\0\xff\x51\x03\x07\xa1\x20\x28" + OFF + END)) == [(10, 30)], "tempi")
tap.ok(span(song(b"\x0a" + fast[1:] + END, b"\x1e" + ON + b"\x50" + OFF + END)) == [(10, 30)], "... hold for all tracks")
tap.ok(span(song(b"\x0a" + fast[1:] + b"\x14" + ON + b"\x50" + OFF + END, form=0)) == [(10, 30)], "format 0")
for frames, rate in (24, 24), (25, 25), (29, 30000 / 1001), (30, 30):
    film = song(fast + b"\x14" + ON + b"\x28" + OFF + END, division=(256 - frames) << 8 | 4)
    tap.ok(span(film, "-i", "%.17g" % (2 / rate / 4)) == [(10, 30)], "%d frames of film a second" % frames)
tap.ok(span(plain[:14] + chunk(b"XFIH", b"abc") + plain[14:] + b"rest") == [(10, 30)], "other chunks are skipped")
tap.ok(span(plain[:4] + b"\0\0\0\x08" + plain[8:14] + b"xx" + plain[14:]) == [(10, 30)], "a longer header")

# Controllers.
side = {pan: listen(song(bytes([0, 0xb0, 10, pan, 0]) + ON + b"\x28" + OFF + END))[:, 13, 5] / FULL
        for pan in (0, 1, 32, 64, 127)}
tap.ok(close(side[64], 1) and close(side[127], [0, 2 ** 0.5]) and close(side[0], side[1]) and close(side[1][::-1], side[127])
       and close((side[32] ** 2).sum(), 2) and side[32][0] > side[32][1], "pan: the same power everywhere", side)
for control in 7, 11:
    got = listen(song(bytes([0, 0xb0, control, 50, 0]) + ON + bytes([20, 0xb0, control, 127, 20]) + OFF + END))[0, 13]
    full = 0.1 * (1 if control == 7 else (100 / 127) ** 2)
    tap.ok(close(got[:10], full * (50 / 127) ** 2) and close(got[10:20], full), "controller %d, while a note sounds" %
           control)
two = listen(song(b"\0" + ON + b"\0\x91\x3c\x7f\x28" + OFF + b"\0\x81\x3c\0" + END))[0, 13]
tap.ok(close(two, FULL * 2 ** 0.5), "two notes of one key add their powers")

# Against mido: random songs of several tracks, tempi, controllers, pedals and drums.
random = np.random.default_rng(1)


def compose():
    midi = mido.MidiFile(type=1, ticks_per_beat=int(random.integers(24, 960)))
    for t in range(5):
        track = midi.add_track()
        for _ in range(150):
            channel, number = int(random.choice([t, t, 9])), int(random.integers(40, 90))
            kind = random.random()
            if kind < 0.45:
                message = mido.Message("note_on", channel=channel, note=number, velocity=int(random.integers(0, 128)))
            elif kind < 0.8:
                message = mido.Message("note_off", channel=channel, note=number)
            elif kind < 0.97:
                message = mido.Message("control_change", channel=channel, value=int(random.integers(0, 128)),
                                       control=int(random.choice([1, 7, 10, 11, 64, 64])))
            else:
                message = mido.MetaMessage("set_tempo", tempo=int(random.integers(200000, 900000)))
            track.append(message.copy(time=int(random.integers(0, midi.ticks_per_beat))))
    file = io.BytesIO()
    midi.save(file=file)
    return file.getvalue()


def reading(data, decay=0.5, interval=0.02):
    """The same loudness (2, 33, frames) from what mido reads."""
    state = {c: {7: 100, 10: 64, 11: 127, 64: 0} for c in range(16)}
    sounding, pieces, now = {}, [], 0.0

    def cut(wanted):
        for (channel, number), note in sounding.items():
            if wanted(channel, number):
                angle = np.pi / 2 * max(0, state[channel][10] - 1) / 126
                level = 0.1 * (note[0] * state[channel][7] * state[channel][11] / 127 ** 3) ** 2
                pieces.append((number - 47, note[2], now, note[1], 2 * (level * np.cos(angle)) ** 2,
                               2 * (level * np.sin(angle)) ** 2))
                note[2] = now

    def end(wanted):
        for channel, number in [at for at in sounding if wanted(*at)]:
            cut(lambda c, n: (c, n) == (channel, number))
            del sounding[channel, number]

    for message in mido.MidiFile(file=io.BytesIO(data)):
        now += message.time
        if message.is_meta or message.channel == 9:
            continue
        if message.type == "control_change" and message.control in state[0]:
            cut(lambda c, n: c == message.channel)
            state[message.channel][message.control] = message.value
            if message.control == 64 and message.value < 64:
                end(lambda c, n: c == message.channel and not sounding[c, n][3])
        elif message.type == "note_on" and message.velocity > 0:
            end(lambda c, n: (c, n) == (message.channel, message.note))
            sounding[message.channel, message.note] = [message.velocity, now, now, True]
        elif message.type.startswith("note") and (message.channel, message.note) in sounding:
            sounding[message.channel, message.note][3] = False
            if state[message.channel][64] < 64:
                end(lambda c, n: (c, n) == (message.channel, message.note))
    end(lambda c, n: True)
    power = np.zeros((2, 33, int(np.ceil(now / interval - 1e-6))))
    edges = np.arange(power.shape[2] + 1) * interval
    for key, start, stop, struck, *sides in pieces:
        if 0 <= key < 33:
            times = np.clip(edges, start, stop) - struck
            energy = -decay / 2 * np.exp(-2 * np.maximum(times, 0) / decay)
            power[:, key] += np.array(sides)[:, None] * np.diff(energy) / interval
    return np.sqrt(power)


worst = 0
for _ in range(12):
    data = compose()
    got, want = listen(data, "--decay", "0.5"), reading(data)
    worst = max(worst, abs(got - want).max() if got.shape == want.shape else np.inf)
tap.ok(worst < 2e-5, "random songs are as another library reads them", worst)
tap.ok((listen(data)[:, 5:10] == listen(data, "-k", "32-36")).all(), "-k")

# Records.
data = song(b"\x14" + ON + b"\x8f\x50" + OFF + b"\x14" + END[1:])  # 2,000 ticks between: 20.4 s
open("a b.mid", "wb").write(data)
whole = listen(data)
tap.ok(whole.shape == (2, 33, 1020), "--as song", whole.shape)
for options, shape, count in [([], (2, 2, 33, 500), 1), (["--as", "chunk"], (2, 33, 500), 2),
                              (["-s", "1"], (2, 2, 33, 50), 10), (["-s", "1", "-i", "0.05"], (2, 2, 33, 20), 10),
                              (["-s", "0.51", "--as", "chunk"], (2, 33, 26), 39)]:
    got = records(run(["midi-to-keys", "a b.mid", *options]).stdout)
    tap.ok(len(got) == count + 1 and {array.shape for array, _ in got[:-1]} == {shape} and
           got[-1][1].rstrip().endswith("kind=end records=%d crc32=00000000" % count), "records of %s" % " ".join(options),
           [(array.shape, text) for array, text in got[-2:]])
    if "-i" not in options:
        joined = np.concatenate([part for array, _ in got[:-1] for part in (array if array.ndim == 4 else [array])], 2)
        tap.ok(close(joined, whole[:, :, :joined.shape[2]]), "... are the song's")
facts = [set(text.split("# ")[1].split()) for _, text in records(run(["midi-to-keys", "-s", "5", "a b.mid"]).stdout)[:-1]]
tap.ok([{"kind=keys", "interval=0.02", "keys=27-59", "source=" + urllib.parse.quote("a b.mid"), "start=%d" % start} <=
        facts[i] for i, start in enumerate((0, 10))] == [True, True], "facts", facts)
tap.ok(run(["midi-to-keys"], data).stdout == run(["midi-to-keys", "-"], data).stdout != b"", "standard input")
tap.ok(run(["keys-to-wave"], run(["midi-to-keys", "a b.mid"]).stdout).returncode == 0, "keys-to-wave plays them")

# Folders, and files that cannot be used.
os.makedirs("music/deeper")
for name in ("music/b.MID", "music/deeper/c.midi", "music/deeper/notes.txt", "music/.d.mid"):
    open(name, "wb").write(data)
open("music/a.mid", "wb").write(data[:-5])
open("music/short.mid", "wb").write(plain)
open("music/drums.mid", "wb").write(data.replace(b"\x90", b"\x99"))
got = run(["midi-to-keys", "music"])
sources = [text.split("source=")[1].split()[0] for _, text in records(got.stdout)[:-1]]
tap.ok(got.returncode == 0 and sources == ["music/b.MID", "music/deeper/c.midi"], "a folder", sources)
lines = got.stderr.decode().split("\n")
tap.ok([line.split(": ", 1)[-1] for line in lines] ==
       ["music/a.mid: byte 22: cut short", "music/drums.mid: no note of the keys 27-59 in it",
        "music/short.mid: too short: 0.80 of 20 s", "2 songs, 3 skipped", ""], "... what is skipped is named", lines)
got = run(["midi-to-keys", "-q", "--strict", "music"])
tap.ok(got.returncode == 1 and b"kind=end" not in got.stdout and got.stderr.count(b"\n") == 3, "--strict", got.stderr)
os.mkdir("empty")


def refused(name, data, wanted, *options, status=1):
    tap.refused(name, data, wanted, ("midi-to-keys", "--as", "song", *options), status)


refused("an empty folder", b"", "empty: no MIDI file in this folder", "empty")
refused("a missing file", b"", "none.mid: No such file", "none.mid")
refused("nothing", b"", "-: byte 0: not a Standard MIDI File")
refused("an MP3", b"ID3\3" + bytes(99), "not a Standard MIDI File")
refused("a header alone", plain[:14], "0 of 1 tracks")
refused("format 2", song(plain, form=2), "format 2, not 0 or 1")
refused("no division", song(b"", division=0), "no ticks in a quarter")
refused("a strange division", song(b"", division=-5 << 8 | 4), "5 frames a second, 4 ticks a frame")
refused("a short header", plain[:7] + b"\5" + plain[8:], "a header of 5 bytes")
refused("a track missing", song(END, END)[:-12], "1 of 2 tracks")
refused("a huge track", plain[:18] + b"\xff\xff\xff\xff" + plain[22:], "cut short")
refused("a huge text", song(b"\0\xff\x01\x8f\xff\xff\x7f" + END), "cut short")
refused("a time of five bytes", song(b"\x80\x80\x80\x80\x14" + ON + END), "more than four bytes")
refused("a status among data", song(b"\0\x90\x3c\xff" + END), "byte 26: a status where data should be")
refused("data without a status", song(b"\0\x3c\x40" + END), "an event without a status")
refused("a status of no file", song(b"\0\xf4" + END), "status F4")
refused("a tempo of 0", song(b"\0\xff\x51\x03\0\0\0" + END), "a tempo that is none")
refused("a tempo of two bytes", song(b"\0\xff\x51\x02\1\1" + END), "a tempo that is none")
refused("a song of days", song(b"\xff\xff\xff\x7f" + ON + END), "s long")
refused("silence", song(END), "no note of the keys 27-59")
refused("notes that are elsewhere", plain, "no note of the keys 1-9", "-k", "1-9")
refused("endless input", b"", "/dev/zero: too large", "/dev/zero")
for options, value in [(["-k", "9"], "9"), (["-s", "0.005"], "-s 0.005 is shorter than -i 0.02"), (["-i", "0"], "0"),
                       (["--decay", "-1"], "-1"), (["--as", "piece"], "piece")]:
    tap.refused("usage: " + " ".join(options), plain, value, ("midi-to-keys", *options), 2)

# Damage: every cut is found, no change of a byte does harm. A process for many files: they are cheap.
os.mkdir("damaged")
for i in range(len(plain)):
    open("damaged/%03d.mid" % i, "wb").write(plain[:i])
got = run(["midi-to-keys", "--as", "song", "damaged"])
tap.ok(got.returncode == 1 and got.stderr.count(b"\n") == len(plain) + 1, "cut at every byte: refused", got.stderr[-300:])
noisy, harm = compose(), []
for turn in range(8):
    os.mkdir("changed%d" % turn)
    for i in range(60):
        broken = bytearray(noisy)
        for _ in range(random.integers(1, 30)):
            broken[random.integers(len(broken))] = random.integers(256)
        open("changed%d/%02d.mid" % (turn, i), "wb").write(broken)
    got = run(["midi-to-keys", "--as", "chunk", "-s", "1", "changed%d" % turn])
    bad = [line for line in got.stderr.split(b"\n")[:-1] if not line.startswith(b"midi-to-keys: ")]
    if got.returncode not in (0, 1) or bad or any(not np.isfinite(array).all() for array, _ in records(got.stdout)):
        harm.append((turn, got.returncode, bad[:2]))
tap.ok(not harm, "changed bytes: read as far as they mean something, or named", harm)

# Outputs that break.
with open("/dev/full", "wb") as full:
    got = subprocess.run(["midi-to-keys", "a b.mid"], stdout=full, stderr=subprocess.PIPE)
tap.ok(got.returncode == 1 and got.stderr.count(b"\n") == 1 and b"No space left" in got.stderr, "a full disk", got)
got = subprocess.run("midi-to-keys -s 1 'a b.mid' | head -c 100 | wc -c; echo ${PIPESTATUS[0]}", shell=True,
                     executable="/bin/bash", capture_output=True)
tap.ok(got.stdout.split() == [b"100", b"141"] and not got.stderr, "a closed pipe ends it silently", got)
tap.done()
PYTHON
