#!/bin/bash
# Drums and tempo in MIDI: midi-to-keys --drums by its formula, the hits that keys-to-midi finds, round trips, known
# tempi.
# shellcheck source=tests/tap.sh
. "$(dirname "$0")/../tap.sh"

PYTHONPATH=$here PYTHONDONTWRITEBYTECODE=1 /usr/bin/python3 - <<'PYTHON'
import io

import mido
import numpy as np
from streams import Tap, end, record, run

tap = Tap()
random = np.random.default_rng(1)
FULL = 0.1 * (100 / 127) ** 2
LOW, MIDDLE, HIGH = 33, 34, 35  # rows behind 33 keys


def song(events, seconds):
    """A file of (seconds, MIDI message), 1000 ticks a second."""
    midi = mido.MidiFile(ticks_per_beat=500)
    track, now = midi.add_track(), 0
    for at, message in sorted(events, key=lambda event: event[0]) + [(seconds, mido.MetaMessage("end_of_track"))]:
        track.append(message.copy(time=round(1000 * at) - now))
        now = round(1000 * at)
    file = io.BytesIO()
    midi.save(file=file)
    return file.getvalue()


def hit(at, number, velocity=127):
    return at, mido.Message("note_on", channel=9, note=number, velocity=velocity)


def listen(data, *options):
    got = run(["midi-to-keys", "--as", "song", *options], data)
    if got.returncode or got.stderr:
        print("#", got.stderr)
        return np.full((2, 36, 1), np.nan), b""
    return np.load(io.BytesIO(got.stdout)).astype("f8"), got.stdout.split(b"\n")[0]


def convert(keys, *options, facts="kind=keys drums=3"):
    got = run(["keys-to-midi", *options], record(np.asarray(keys, "<f4"), facts) + end(1))
    if got.returncode or got.stderr:
        raise SystemExit("# %s" % got.stderr)
    return mido.MidiFile(file=io.BytesIO(got.stdout)), got.stdout


def tempo_of(midi):
    return 60e6 / next(message.tempo for message in midi.tracks[0] if message.type == "set_tempo")


def hits(midi):
    """[(seconds, number, velocity)] of channel 10, and the last note off."""
    found, off = [], 0
    for track in midi.tracks:
        ticks = 0
        for message in track:
            ticks += message.time
            at = ticks * 60 / tempo_of(midi) / midi.ticks_per_beat
            if message.type == "note_on" and message.channel == 9:
                found.append((at, message.note, message.velocity))
            elif message.type == "note_off" and message.channel == 9:
                off = max(off, at)
    return sorted(found), off


# MIDI to keys: where, how loud, how long.
keys, head = listen(song([hit(0.2, 36)], 1), "--drums")
t = np.arange(-10, 40)
mean = np.where(t >= 0, 0.05 / 2 / 0.02 * (np.exp(-2 * t * 0.02 / 0.05) - np.exp(-2 * (t + 1) * 0.02 / 0.05)), 0)
sounds = (t >= 0) & (t * 0.02 < 6.9 * 0.05)
want = 0.7 * FULL * np.sqrt(mean)
tap.ok(keys.shape == (2, 36, 50) and b"drums=3" in head and b"keys=27-59" in head, "three rows behind those of the keys",
       head)
good = sounds & (t * 0.02 + 0.02 < 6.9 * 0.05)
tap.ok(abs(keys[:, LOW] - want)[:, good].max() < 1e-6 and not keys[:, LOW][:, ~sounds].any() and not keys[:, :33].any(),
       "a kick: its share, its decay, its end", keys[0, LOW])
ended = [(0.22, mido.Message("note_off", channel=9, note=36)),
         (0.24, mido.Message("control_change", channel=9, control=123, value=0))]
tap.ok((listen(song([hit(0.2, 36)] + ended, 1), "--drums")[0] == keys).all(), "its note off means nothing")
again = listen(song([hit(0.2, 36), hit(0.24, 36, 64)], 1), "--drums")[0][0, LOW]
tap.ok(again[11] == keys[0, LOW, 11] and abs(again[12] / keys[0, LOW, 10] - (64 / 127) ** 2) < 1e-5, "struck again: anew",
       again)
rows = {number: listen(song([hit(0.2, number)], 1), "--drums")[0][0, :, 10].argmax() for number in range(27, 88)}
tap.ok([n for n in rows if rows[n] == LOW] == [35, 36, 41, 43, 86, 87], "kicks and floor toms are low", rows)
tap.ok(all(rows[n] == MIDDLE for n in (37, 38, 39, 40, 45, 48, 50, 56, 60, 64, 67, 75, 76)),
       "snares, toms, claps, hand drums, blocks", rows)
tap.ok(all(rows[n] == HIGH for n in (42, 44, 46, 49, 51, 53, 54, 55, 57, 59, 69, 70, 80, 81, 82)),
       "hats, cymbals, shakers, bells", rows)
long = {n: (listen(song([hit(0, n)], 4), "--drums")[0][0, HIGH] > 0).sum() for n in (42, 46, 49)}
tap.ok(long[42] < long[46] < long[49], "an open hat rings longer than a closed one, a crash longer still", long)
right = 0, mido.Message("control_change", channel=9, control=10, value=127)
side = listen(song([right, hit(0.2, 38)], 1), "--drums")[0]
tap.ok(side[1, MIDDLE].any() and side[0, MIDDLE].max() < 1e-6, "pan")
tap.refused("a song of drums alone, without --drums", song([hit(0.2, 36)], 1), "no note of the keys 27-59",
            ("midi-to-keys", "--as", "song"))
tap.refused("neither keys nor drums", song([], 1), "no note of the keys 27-59 and no drum",
            ("midi-to-keys", "--as", "song", "--drums"))
both = [hit(0.1, 38), (0.2, mido.Message("note_on", note=60, velocity=90)), (0.5, mido.Message("note_off", note=60))]
tap.ok((listen(song(both, 1), "--drums")[0][:, :33] == listen(song(both, 1))[0]).all(),
       "the keys' rows are as without drums")

# Keys to MIDI: hits.
keys = np.zeros((2, 36, 100))
keys[:, 0, 10:30] = 1
keys[:, LOW, 20:24] = 0.7, 0.4, 0.2, 0.1
keys[:, MIDDLE, 40:43] = 0.18, 0.18, 0.06
keys[:, HIGH, 60:64] = 0.06, 0.03, 0.06, 0.03
midi, _ = convert(keys)
got, off = hits(midi)
want = [(0.4, 36, 127), (0.8, 38, 64), (1.2, 42, 127), (1.24, 42, 127)]
tap.ok(len(got) == 4 and all(abs(a[0] - b[0]) < 1e-6 and a[1:] == b[1:] for a, b in zip(got, want)),
       "hits: times, numbers, velocities", got)
tap.ok(len(midi.tracks) == 3 and not any(m.type == "program_change" for m in midi.tracks[2]),
       "a track of their own, no program")
tap.ok([n for n in midi.tracks[1] if n.type == "note_on"][0].velocity == 127, "the key keeps its velocity")
split, _ = convert(keys, "--stereo", "split")
tap.ok(len(split.tracks) == 4 and len(hits(split)[0]) == 4, "split: drums once")
late = np.zeros((2, 36, 100))
late[:, MIDDLE, 50:53] = 0.5, 1, 0.5
tap.ok(abs(hits(convert(late)[0])[0][0][0] - 1.015) < 2e-4, "a hit within a frame", hits(convert(late)[0]))
swell = np.zeros((2, 36, 100))
swell[:, HIGH] = np.minimum(np.arange(100) / 100 + 0.05, 1)
tap.ok(len(hits(convert(swell)[0])[0]) <= 1, "a swell is no roll", hits(convert(swell)[0]))
ends = np.zeros((2, 36, 100))
ends[:, HIGH, 98:] = 1
tap.ok(abs(hits(convert(ends)[0])[1] - 2) < 1e-6, "the last hit ends with the song")
tap.ok(hits(convert(0 * keys)[0])[0] == [], "silence")
soft = keys.copy()
soft[:, HIGH] *= 0.01
tap.ok(not any(n == 42 for _, n, _ in hits(convert(soft)[0])[0]), "what is 20 dB below the softest hat is none")

beside = np.zeros((2, 36, 100))
beside[:, 0, 10:30], beside[:, 1, 50:70], beside[:, LOW, 20:24] = 0.2, 0.03, 1
notes = [n.note for n in convert(beside)[0].tracks[1] if n.type == "note_on"]
tap.ok(notes == [47, 48], "a soft note is told by the loudest key, not by a louder drum", notes)

# Round trips.
events, hits_in = [], []
for number in 36, 38, 42:
    at = 0.1
    while at < 19:
        velocity = int(random.integers(60, 128))
        events.append(hit(at, number, velocity))
        hits_in.append((at, number, velocity))
        at = round(at + random.uniform(0.12, 0.5), 3)
events += [(0, mido.Message("note_on", note=60, velocity=127)), (1, mido.Message("note_off", note=60))]
back, _ = hits(convert(listen(song(events, 20), "--drums")[0])[0])
missing = [h for h in hits_in
           if not any(b[1] == h[1] and abs(b[0] - h[0]) < 0.012 and 0.75 < b[2] / h[2] < 1.1 for b in back)]
tap.ok(len(hits_in) > 150 and len(missing) <= 0.03 * len(hits_in) and len(back) <= 1.01 * len(hits_in),
       "MIDI to keys to MIDI: hits within 12 ms, velocities within a quarter",
       (len(hits_in), len(back), missing[:5]))
first, _ = listen(song(events, 20), "--drums")
second, _ = listen(convert(first)[1], "--drums")
first, second = first[:, 33:] / first.max(), second[:, 33:] / second.max()
error = np.linalg.norm(second - first) / np.linalg.norm(first)
tap.ok(error < 0.3, "keys to MIDI to keys", error)


# Tempo.
def music(bpm, seconds, shift=0.0, interval=0.02):
    """Eighths of keys, a bass on quarters, kick and snare: keys as midi-to-keys makes them."""
    events, beat = [], 60 / bpm
    for i in range(int((seconds - shift) / beat * 2) - 1):
        at = shift + i * beat / 2
        if random.random() < 0.8:
            note = int(random.integers(55, 75))
            events += [(at, mido.Message("note_on", note=note, velocity=int(random.integers(60, 110)))),
                       (at + 0.4 * beat, mido.Message("note_off", note=note))]
        events.append(hit(at, 42, 70 if i % 2 else 90))
        if i % 4 == 0:
            events.append(hit(at, 36))
        if i % 4 == 2:
            events.append(hit(at, 38))
    return listen(song(events, seconds), "--drums", "-i", str(interval))[0]


for bpm in 90, 97.3, 120, 140:
    for seconds in 10, 60:
        heard = tempo_of(convert(music(bpm, seconds, 0.13))[0])
        tap.ok(abs(heard / bpm - 1) < 0.01, f"{bpm} a minute, {seconds} s: within 1 per cent", heard)
    keys = music(bpm, 20)
    keys[:, 33:] = 0
    heard = tempo_of(convert(keys)[0])
    tap.ok(abs(heard / bpm - 1) < 0.01, f"{bpm} a minute, by keys alone", heard)
short = convert(music(140, 10, interval=0.004), facts="kind=keys drums=3 interval=0.004")[0]
tap.ok(abs(tempo_of(short) / 140 - 1) < 0.01, "short frames are joined", tempo_of(short))
midi = convert(music(140, 60))[0]
onsets = np.array([at for at, number, _ in hits(midi)[0] if number == 36])
beats = onsets * tempo_of(midi) / 60
tap.ok(abs(beats - np.round(beats)).max() < 0.1, "bars fit: after a minute too, beats are where the tempo says",
       abs(beats - np.round(beats)).max())
exact = convert(music(140, 10), "--tempo", "100")[0]
tap.ok(abs(tempo_of(exact) - 100) < 1e-6 and abs(exact.length - 10) < 1e-6, "--tempo", tempo_of(exact))
tap.ok(abs(tempo_of(convert(music(140, 10), "--tempo", "auto")[0]) / 140 - 1) < 0.01, "--tempo auto")
tap.ok(tempo_of(convert(np.zeros((2, 36, 500)))[0]) == 120, "silence: 120")
tap.ok(tempo_of(convert(random.random((2, 36, 500)) * (random.random((2, 36, 500)) < 0.01))[0]) == 120, "no beat: 120")
for value in "10", "500", "fast":
    tap.refused(f"usage: --tempo {value}", b"", value, ("keys-to-midi", "--tempo", value), 2)
tap.done()
PYTHON
