#!/bin/bash
# keys-to-beats: tempi that are exact, swung and drifting at any interval, songs out of shuffled records, what a note
# and a hit keep, music without a beat, and what it refuses.
# shellcheck source=tests/tap.sh
. "$(dirname "$0")/../tap.sh"

PYTHONPATH=$here PYTHONDONTWRITEBYTECODE=1 /usr/bin/python3 - <<'PYTHON'
import io
import os

import mido
import numpy as np
from streams import Tap, end, record, run

tap = Tap()
KEYS, ROWS, NAME = 20, 23, "kind=keys keys=30-49 drums=3"
random = np.random.default_rng(1)


def frame(seconds, interval):
    return int(seconds / interval + 1e-6)


def music(beats, seconds, interval=0.02, swing=0.5):
    """Notes and drums at the beats, others at `swing` of them: (2, 23, frames)."""
    keys = np.zeros((2, ROWS, round(seconds / interval)), "<f4")
    drawn = np.random.default_rng(2)
    for i, (at, behind) in enumerate(zip(beats, beats[1:])):
        between, length = at + swing * (behind - at), max(1, frame(0.4 * (behind - at), interval))
        hit = 0.02 / interval
        for row, time, most, loudness in ((i % 4, at, length, 0.1), (8 + i % 5, at, length, 0.1),
                                          (14 + int(drawn.integers(6)), between, length // 2, 0.07),
                                          (20 + i % 2, at, 2 * hit, 0.05), (22, between, hit, 0.02)):
            begin = frame(time, interval)
            keys[:, row, begin:begin + max(1, round(most))] = loudness
    return keys


def parsed(data):
    """[(facts, array)]; the end record is checked by others."""
    file, found = io.BytesIO(data), []
    while file.tell() < len(data):
        head = data[file.tell() + 10:].split(b"\n")[0].decode()
        found.append((dict(fact.split("=") for fact in head.split(" # ")[1].split()), np.load(file)))
    return found[:-1]


def stream(*records):
    return b"".join(record(np.asarray(array, "<f4"), facts) for array, facts in records) + end(len(records))


def convert(data, *options):
    got = run(["keys-to-beats", *options], data)
    if got.returncode:
        print("#", got)
    return parsed(got.stdout) if got.returncode == 0 else [], got.stderr.decode()


def of_song(keys, interval, *options):
    return convert(stream((keys, f"{NAME} interval={interval:.10g} source=a start=0")), *options)


def lengths(records):
    return np.array([float(facts["interval"]) * 24 for facts, _ in records])


def beat_times(records, interval):
    """Of one-beat records: where the first frame has its middle, as frames of `interval` count theirs."""
    return np.array([float(f["start"]) + float(f["interval"]) / 2 - interval / 2 for f, _ in records])


# Exact tempi, even and swung, at any interval.
for interval in (0.005, 0.01, 0.02, 0.04):
    for bpm, swing in ((120, 2 / 3), (100, 2 / 3), (97.3, 0.5)):
        beats = np.arange(0.3, 60, 60 / bpm)
        records, said = of_song(music(beats, 60, interval, swing), interval, "-n", "1")
        wrong = 1000 * abs(lengths(records) - 60 / bpm).max()
        off = max(abs(beat_times(records, interval) - at).min() for at in beats[1:-2])
        tap.ok(wrong < 1 and off < 0.75 * interval + 0.01,
               f"{bpm} a minute, {interval} s: each beat to 1 ms, where it is", (wrong, off, said))
        tap.ok(len(set(lengths(records))) == 1 or interval >= 0.02, "... and a machine's beats are all the same")

# A tempo that drifts by 10 per cent either way within a minute.
for interval in (0.01, 0.02, 0.04):
    for shape, name in ((lambda s: np.sin(2 * np.pi * s), "there and back"), (lambda s: 1 - 2 * s, "evenly")):
        beats = [0.3]
        while beats[-1] < 60:
            beats.append(beats[-1] + 0.62 * (1 + 0.1 * shape(beats[-1] / 60)))
        records, said = of_song(music(beats, 60, interval), interval, "-n", "1")
        off = max(abs(beat_times(records, interval) - at).min() for at in beats[:-2]) if records else np.inf
        tap.ok(off < 0.04 + max(0, interval - 0.02) and abs(len(records) - len(beats)) <= 2,
               f"a drift {name}, {interval} s: followed to 40 ms, and what frames of 0.04 s blur",
               (off, len(records), len(beats), said))
        tap.ok(lengths(records).max() > 0.65 and lengths(records).min() < 0.58, "... by beats of other lengths")

for mean in (0.5, 0.96):
    beats = [0.3]
    while beats[-1] < 60:
        beats.append(beats[-1] + mean * (1 + 0.1 * np.sin(2 * np.pi * beats[-1] / 60)))
    found = beat_times(of_song(music(beats, 60), 0.02, "-n", "1")[0], 0.02)
    off = max((abs(np.array(beats) - at).min() for at in found[1:-1]), default=np.inf)
    tap.ok(len(found) > 55 and off < 0.04, f"beats of {mean} s that leave the range now and then: on beats of the song",
           (len(found), off))

# Records: shape, facts, times.
beats = np.arange(0.3, 63, 0.6)
song = music(beats, 62)
plain = f"{NAME} interval=0.02 source=a%20b start=20 lead=0.02 mine=yes score=3 analysis=harmonic"
records, said = convert(stream((song, plain)))
facts = records[0][0]
tap.ok([a.shape for _, a in records] == [(2, ROWS, 504)] * 4, "records of 21 beats", [a.shape for _, a in records])
tap.ok(said == "keys-to-beats: 1 songs, 4 records; left out: 11.6 s at the songs' ends; 0 songs without a clear beat "
       "were given 0.5 s\n", "what is left out is said", said)
tap.ok({k: facts.get(k) for k in ("source", "lead", "mine", "analysis", "keys", "drums", "beat", "score")} ==
       {"source": "a%20b", "lead": "0.02", "mine": "yes", "analysis": "harmonic", "keys": "30-49", "drums": "3",
        "beat": "24", "score": None}, "facts stay, the score does not", facts)
tap.ok(abs(float(facts["start"]) - 20.3) < 0.03 and np.allclose(np.diff([float(f["start"]) for f, _ in records]), 12.6,
       atol=0.002) and np.allclose(lengths(records), 0.6, atol=1e-3), "start and interval", facts)
tap.ok(all((a[:, 20:22, ::24].max(1) > 0).all() and not a[:, 20:22, 23::24].any() for _, a in records),
       "drums fall on the first frames of beats")
tap.ok(all((a[:, 22, 12::24] > 0).all() for _, a in records), "... and half of them later")
lines = [a[0, :14].max(0) for _, a in records]
begins = np.concatenate([np.flatnonzero(line * (np.roll(line, 1) == 0)) % 24 for line in lines])
tap.ok(set(begins) == {0}, "notes begin there too", str(begins))
whole, said = convert(stream((song, plain)), "-n", "0")
tap.ok(len(whole) == 1 and whole[0][1].shape[2] in (102 * 24, 103 * 24) and
       (whole[0][1][:, :, :504] == records[0][1]).all(), "-n 0: all whole beats", [a.shape for _, a in whole])
mono, _ = convert(stream((song[0], plain)))
tap.ok([a.shape for _, a in mono] == [(ROWS, 504)] * 4 and (mono[1][1] == records[1][1][0]).all(), "mono stays mono")
tap.ok(convert(stream((song, plain)), "-q")[1] == "", "-q")

# Songs: parts and records that follow one another, in any order; gaps divide.
parts = [(np.stack([song[:, :, i:i + 500], song[:, :, i + 500:i + 1000]]),
          f"{NAME} interval=0.02 source={name} start={i * 0.02:g}") for i in range(0, 3000, 1000) for name in "ab"]
one = convert(stream((song[:, :, :3000], f"{NAME} interval=0.02 source=a start=0")))[0]
for order in (range(6), (5, 0, 4, 3, 2, 1)):
    got, said = convert(stream(*[parts[i] for i in order]))
    mine = [a for f, a in got if f["source"] == "a"]
    tap.ok(len(got) == 8 and len(mine) == 4 and all((x == y).all() for x, (_, y) in zip(mine, one)) and
           said.startswith("keys-to-beats: 2 songs, 8"), f"two songs of three records, {list(order)}", said)
for between, songs in ((0.009, 1), (0.02, 2)):
    pair = [(song[:, :, :1500], NAME + " source=a start=0"),
            (song[:, :, 1500:3000], NAME + f" source=a start={30 + between}")]
    said = convert(stream(*pair))[1]
    tap.ok(said.startswith(f"keys-to-beats: {songs} songs"), f"a gap of {between} s: {songs}", said)
said = convert(stream((song, NAME), (song, NAME)))[1]
tap.ok(said.startswith("keys-to-beats: 2 songs, 8 records"), "records without a source are songs", said)
got, said = convert(stream((song[:, :, :500], NAME)))
tap.ok(got == [] and "0 records; left out: 10.0 s" in said, "a song shorter than a record is left out, and said", said)

# What a note and a hit keep. Beats of 0.9 s: a frame is 0.0375 s, nearly two of the song's.
beats = np.arange(0.1, 61, 0.9)
song = music(beats, 60)
plain = convert(stream((song, NAME)), "-n", "0")[0][0][1]
quiet = next(k for k in range(4, 8) if not song[:, k].any())
for at in range(1500, 1512):
    for length in (1, 2, 3, 9):
        single = song.copy()
        single[0, quiet, at:at + length] = np.linspace(0.04, 0.05, length) if length > 1 else 0.05
        got = convert(stream((single, NAME)), "-n", "0")[0][0][1]
        frames = np.flatnonzero(got[0, quiet])
        middle = 24 / 45 * (at - 5)
        good = len(frames) and abs(len(frames) - length * 24 / 45) <= 1 and (np.diff(frames) == 1).all()
        if not good or got[0, quiet].max() != np.float32(0.05) or got[1, quiet].any() or abs(frames[0] - middle) > 0.6:
            tap.ok(False, f"a note of {length} frames at {at}", (frames, middle, got[0, quiet, frames]))
            break
    else:
        tap.ok(True, f"notes of 1 to 9 frames at {at} keep their place, length, side and loudness")
drums = song.copy()
drums[:, 22] = 0
for at, hit in ((1500, [0.06, 0.05, 0.04, 0.03]), (1600, [0.01, 0.06, 0.05]), (1700, [0.06] + [0.05] * 5 + [0.09, 0.01])):
    drums[1, 22, at:at + len(hit)] = hit
got = convert(stream((drums, NAME)), "-n", "0")[0][0][1]
hits = np.flatnonzero(got[1, 22])
first = [round((at - 5) * 24 / 45) for at in (1500, 1600.55, 1700)]
tap.ok(np.allclose(got[1, 22, first[0]:first[0] + 5], [0.06, 0.05, 0.04, 0.03, 0]), "a hit keeps its length",
       (first, hits, got[1, 22, hits]))
tap.ok(np.allclose(got[1, 22, first[1] - 1:first[1] + 3], [0, 0.06, 0.05, 0]), "... begins with its loudest frame",
       str(got[1, 22, first[1] - 2:first[1] + 4]))
tap.ok(np.allclose(got[1, 22, first[2]:first[2] + 6], [0.06, 0.05, 0.05, 0.09, 0.01, 0]), "... and ends at the next hit",
       str(got[1, 22, first[2]:first[2] + 6]))
tap.ok(not got[0, 22].any(), "... on its side")
short = music(beats, 60, 0.01)
short[:, 22] = 0
short[:, 22, 3000:3006] = [0.05, 0.06, 0.05, 0.04, 0.03, 0.02]
got = convert(stream((short, NAME + " interval=0.01")), "-n", "0")[0][0][1]
tap.ok(np.allclose(got[1, 22, first[0]:first[0] + 4], [0.06, 0.04, 0.02, 0]), "... in frames of 0.02 s",
       str(got[1, 22, first[0] - 2:first[0] + 6]))

# Music without a beat is kept, in halves of a second.
noise = random.random((2, ROWS, 3000))
drone = np.zeros((2, ROWS, 3000))
drone[:, 3] = 0.1
notes = np.zeros((2, ROWS, 3000))
for _ in range(300):
    at, key = random.integers(3000), random.integers(KEYS)
    notes[:, key, at:at + random.integers(3, 40)] = 0.1 * random.random()
for name, keys in (("noise", noise), ("a drone", drone), ("silence", 0 * drone), ("random notes", notes)):
    got, said = convert(stream((keys, NAME)), "-n", "1")
    tap.ok(len(got) == 120 and np.allclose(lengths(got), 0.5, atol=1e-8) and got[0][0]["start"] == "0" and
           "1 songs without a clear beat were given 0.5 s" in said, f"{name}: beats of 0.5 s", (len(got), said))

# The same bytes with any number of threads; MIDI has the tempo.
data = stream((music(np.arange(0.3, 61, 60 / 97.3), 60), NAME), (notes, NAME + " source=b"))
outputs = set()
for threads in ("1", "2", "5"):
    os.environ["OMP_NUM_THREADS"] = threads
    outputs.add(run(["keys-to-beats", "-q"], data).stdout)
tap.ok(len(outputs) == 1 and len(parsed(outputs.copy().pop())) >= 4, "the same bytes with 1, 2 and 5 threads")
song = music(np.arange(0.3, 61, 60 / 97.3), 60)
clock = run(["keys-to-beats", "-q", "-n", "84"], stream((song, NAME))).stdout
for option, tempo in (((), 97.3), (("--tempo", "auto"), 97.3), (("--tempo", "80"), 80)):
    midi = mido.MidiFile(file=io.BytesIO(run(["keys-to-midi", *option], clock).stdout))
    heard = 60e6 / next(m.tempo for m in midi.tracks[0] if m.type == "set_tempo")
    tap.ok(abs(heard / tempo - 1) < 1e-4, f"keys-to-midi {' '.join(option)}: {tempo} a minute", heard)
    if tempo == 80:
        continue
    ticks = [sum(m.time for m in midi.tracks[-1][:i + 1]) for i, m in enumerate(midi.tracks[-1])
             if m.type == "note_on" and m.note in (36, 38)]
    tap.ok(len(ticks) >= 82 and all(at % midi.ticks_per_beat == 0 for at in ticks), "... drums are on its quarters",
           [at % midi.ticks_per_beat for at in ticks])
late = np.zeros((2, ROWS, 48))
late[:, 20, 24:27] = [[0.03, 0.06, 0.05]] * 2
for facts, tempo, quarters in ((" interval=0.03 beat=24", 60 / 0.72, 1), (" interval=0.03", 120, 0.74 / 0.5)):
    midi = mido.MidiFile(file=io.BytesIO(run(["keys-to-midi"], stream((late, NAME + facts))).stdout))
    heard = 60e6 / next(m.tempo for m in midi.tracks[0] if m.type == "set_tempo")
    ticks = sum(m.time for m in midi.tracks[-1][:1 + [m.type for m in midi.tracks[-1]].index("note_on")])
    tap.ok(abs(heard / tempo - 1) < 1e-5 and abs(ticks / midi.ticks_per_beat - quarters) <= 1e-2 * (quarters != 1),
           f"keys-to-midi{facts}: {tempo:.1f} a minute, a hit at {quarters} quarters", (heard, ticks / midi.ticks_per_beat))

# What is refused.
ok = np.zeros((2, ROWS, 500))
first = (ok, NAME + " interval=0.02 source=a start=0")
for name, wanted, records in (
        ("a beat stated", "record 1 at byte 0: beat=24: these keys are on the beat clock", [(ok, NAME + " beat=24 interval=0.02")]),
        ("long frames", "interval=0.2: no beats", [(ok, NAME + " interval=0.2")]),
        ("another kind", "kind=pair", [(ok, "kind=pair")]),
        ("a shape", "is not (..., 2, keys, frames)", [(np.zeros((3, ROWS, 500)), NAME)]),
        ("another interval in a song",
         "record 2 at byte 92192: 500 frames of 0.01 s, but the records before have 500 of 0.02",
         [first, (ok, NAME + " interval=0.01 source=a start=10")]),
        ("other keys in a song", "keys 31-50, but", [first, (ok, "kind=keys keys=31-50 drums=3 source=a start=10")]),
        ("other drums in a song", "0 drums, but", [first, (ok[:, :20], "kind=keys keys=30-49 source=a start=10")]),
        ("mono in a song", "1 channels, but", [first, (ok[0], NAME + " source=a start=10")]),
        ("a long record", "720001 frames; at most 720000",
         [(np.zeros((1, 720001)), "kind=keys keys=30-30 interval=0.01")]),
        ("NaN", "value 1 is nan", [(ok + np.nan, NAME)])):
    tap.refused(name, stream(*records), wanted, ("keys-to-beats",))
tap.refused("nothing", b"", "empty", ("keys-to-beats",))
for options in ("-n -1", "-n 10001", "-b 3", "a b"):
    tap.refused("usage: " + options, b"", "keys-to-beats: ", ("keys-to-beats", *options.split()), 2)
long = [(np.zeros((1, 400000)), f"kind=keys keys=30-30 interval=0.01 source=a start={at}") for at in (0, 4000)]
tap.ok(convert(stream(*long), "-n", "10000")[1].startswith("keys-to-beats: 2 songs"), "hours are divided")
tap.done()
PYTHON
