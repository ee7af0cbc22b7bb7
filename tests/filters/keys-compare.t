#!/bin/bash
# keys-compare: every number against a second implementation, the traps in which such numbers were caught, and what it
# refuses.
# shellcheck source=tests/tap.sh
. "$(dirname "$0")/../tap.sh"

PYTHONPATH=$here:$root/tests/reference PYTHONDONTWRITEBYTECODE=1 OMP_WAIT_POLICY=passive /usr/bin/python3 - <<'PYTHON'
import math
import os
import subprocess

import music
import numpy as np
from streams import Tap, end, record, run

tap = Tap()
FACTS = "kind=keys keys=27-59 interval=0.02"


def write(name, arrays, facts=FACTS):
    with open(name, "wb") as file:
        for array in arrays:
            file.write(record(np.asarray(array, "<f4"), facts))
        file.write(end(len(arrays)))
    return name


def compare(*arguments, resamples="0"):
    """{name: (value, low, high)}"""
    got = run(["keys-compare", "--resamples", resamples, *arguments])
    if got.returncode or got.stderr:
        print("#", got)
        return {}
    rows = [line.split("\t") for line in got.stdout.decode().splitlines()]
    return {row[0]: tuple(map(float, row[1:])) for row in rows[1:]} if rows[0] == "name value low high".split() else {}


def value(numbers, name):
    return numbers.get(name, (math.nan,))[0]


training = [music.piece(seed) for seed in range(1, 41)]
real = [music.piece(seed) for seed in range(101, 131)]
made = [music.piece(4 * seed) for seed in range(201, 226)]
silence = np.zeros((2, 33, 500), "<f4")
write("training", training)
write("real", real)
write("made", made)
write("gaps", made[:20] + [silence] * 5)


# Against the second implementation.
def expected(real, made, training):
    a, b, t = (np.array([music.features(x) for x in s]) for s in (real, made, training))
    p, q, near = ([row for row in map(music.pooled, s) if row is not None] for s in (real, made, training))
    found = {"OA-" + n: music.overlap(a[:, i], b[:, i]) for i, n in enumerate(music.NAMES)}
    found["OA"] = np.mean(list(found.values()))
    found["FD"] = music.frechet(a, b, t)
    for name, rows, values in [("-real", p, a), ("", q, b)]:
        nearest = [1 - max(row @ other for other in near) for row in rows]
        found["novelty" + name], found["novelty-5%" + name] = np.quantile(nearest, [0.5, 0.05])
        found["diversity" + name] = np.median([1 - x @ y for i, x in enumerate(rows) for y in rows[:i]])
        found["undefined" + name] = np.mean(~np.isfinite(values).all(1))
        found["records" + name] = len(values)
    return found


for name, last in [("made", made), ("gaps", made[:20] + [silence] * 5)]:
    got, wanted = compare("-t", "training", "real", name), expected(real, last, training)
    wrong = [(n, value(got, n), w) for n, w in wanted.items() if not abs(value(got, n) - w) < 2e-5 * max(1, abs(w))]
    tap.ok(got.keys() >= wanted.keys() and not wrong, f"real and {name}: as NumPy has it", wrong)
got, wanted = compare("real", "made"), expected(real, made, real)
tap.ok(abs(value(got, "FD") / wanted["FD"] - 1) < 1e-4 and math.isnan(value(got, "novelty")) and
       value(got, "OA") > 0.1, "without a training set REAL scales, and there is no novelty", got)

# The traps.
same = compare("-t", "training", "real", "real")
tap.ok(value(same, "OA") == 1 and value(same, "FD") < 1e-9, "a set and itself: OA 1, FD 0", same)
copied = compare("-t", "training", "real", "training")
tap.ok(value(copied, "novelty") < 1e-6 and value(copied, "novelty-real") > 0.1, "only novelty sees the copied", copied)
tap.ok(value(copied, "OA") > value(got, "OA") and value(copied, "FD") < value(got, "FD"),
       "... whose other numbers are better than those of what is not", (copied, got))
write("some", made[:22] + training[:3])
some = compare("-t", "training", "real", "some")
tap.ok(value(some, "novelty-5%") < 1e-6 and value(some, "novelty") > 0.1, "a few copies: novelty-5%", some)
write("louder", [3 * x for x in training])
tap.ok(value(compare("-t", "training", "real", "louder"), "novelty") < 1e-6, "a louder copy is a copy")
write("one", [real[0]] * 25)
one = compare("-t", "training", "real", "one")
tap.ok(value(one, "diversity") < 1e-6 and value(one, "OA") < 0.5, "one record again and again: no diversity", one)
random = np.random.RandomState(1)
write("noise", [random.rand(2, 33, 500) for _ in range(25)])
noise = compare("-t", "training", "real", "noise")
tap.ok(value(noise, "OA") < 0.15 and value(noise, "FD") > 100 * value(got, "FD"), "noise: far away, and not 0", noise)
write("hum", [0.5 + 0.5 * x for x in made])
write("lifted", [np.maximum(0.5 + 0.5 * x.astype(float) - 0.6, 0) for x in made])
hum = compare("--floor", "0.6", "real", "hum")
tap.ok(abs(value(hum, "FD") / value(compare("real", "lifted"), "FD") - 1) < 1e-3 and
       value(hum, "FD") < value(compare("real", "hum"), "FD") / 10, "--floor is for the generated ones", hum)
write("silence", [silence] * 25)
nothing = compare("-t", "training", "real", "silence")
tap.ok(value(nothing, "undefined") == 1 and value(nothing, "OA") < 0.1 and math.isnan(value(nothing, "FD")) and
       math.isnan(value(nothing, "diversity")), "silence: undefined, nothing in common", nothing)
gaps = compare("-t", "training", "made", "gaps")
tap.ok(value(gaps, "undefined") == 0.2 and abs(value(gaps, "OA-SC") - 0.8) < 0.1,
       "a fifth of silence costs a fifth", gaps)

# The judge.
JUDGED = ["AUC"] + [name + side for name in ("ends", "repetition", "same-keys", "together", "dynamics")
                    for side in ("", "-real")]
judged = compare("-t", "training", "real", "made")
tap.ok([name for name in judged if name in JUDGED] == JUDGED, "rows of the judge", judged)
cues = {name: share for name, (share, _, _) in judged.items() if name.startswith(("more:", "less:"))}
tap.ok(len(cues) == 5 and 0 < sum(cues.values()) <= 1 + 1e-5, "... and the five cues that it goes by", cues)
tap.ok(0.2 < value(judged, "AUC") < 0.85, "pieces of one sort: hardly told apart", judged)
tap.ok(value(noise, "AUC") > 0.95 and value(one, "AUC") > 0.95, "noise, and one record again and again: told apart")
tap.ok(math.isnan(value(compare("real", "made"), "AUC")), "without a training set: no judge")
write("twice", [2 * x for x in made])
twice = compare("-t", "training", "real", "twice")
tap.ok(all(value(twice, name) == value(judged, name) for name in JUDGED), "louder altogether: judged alike", twice)
with open("songs", "wb") as file:
    for i, x in enumerate(training):
        file.write(record(np.asarray(x, "<f4"), FACTS + f" source=song{i // 4}"))
    file.write(end(len(training)))
itself = compare("-t", "songs", "real", "songs")
tap.ok(0.2 < value(itself, "AUC") < 0.8, "a training set that is judged itself: songs are dealt out", itself)
few = compare("-t", "songs", "real", "songs", resamples="50")
tap.ok(few["AUC"][1] < few["AUC"][0] < few["AUC"][2], "... with an interval, though songs are few", few)
few = compare("-t", "songs", "real", "gaps")
tap.ok(value(few, "AUC") > 0.4, "silent records among them: judged by what can be measured", few)
write("two", made[:2])
with open("one-song", "wb") as file:
    for x in training[:4]:
        file.write(record(np.asarray(x, "<f4"), FACTS + " source=song0"))
    file.write(end(4))
tap.ok(not math.isnan(value(compare("-t", "training", "real", "two"), "AUC")) and
       math.isnan(value(compare("-t", "training", "real", "one-song"), "AUC")), "too few songs for a judge: NaN")
clusters = [x.copy() for x in made]
for x in clusters[:5]:
    x[:, 4:20, -5:] = x.max()
write("clusters", clusters)
got = compare("-t", "training", "real", "clusters", resamples="100")
tap.ok(abs(value(got, "ends") - 0.2) < 1e-6 and value(got, "ends-real") == 0 and got["ends"][1] < 0.2 < got["ends"][2],
       "a fifth ends in a cluster of keys", got)
bar = made[0][:, :, :50]
write("loops", [np.tile(bar, (1, 1, 10))] * 4)
got = compare("real", "loops")
tap.ok(value(got, "repetition") > 0.999 and value(got, "same-keys") > 0.9 and value(got, "repetition-real") < 0.9,
       "a bar again and again: literal repetition", got)

# Intervals.
first = compare("-t", "training", "real", "made", resamples="200")
tap.ok(all(low <= middle <= high or math.isnan(low) for middle, low, high in first.values()) and
       first["OA"][1] < first["OA"][0] < first["OA"][2] and first["FD"][1] < first["FD"][2], "around the values", first)
tap.ok({n: v[0] for n, v in first.items()} == {n: v[0] for n, v in compare("-t", "training", "real", "made").items()},
       "resamples do not change the values")
outputs = [subprocess.run(["keys-compare", "--resamples", "50", "-S", seed, "real", "made"], capture_output=True,
                          env={**os.environ, "OMP_NUM_THREADS": threads}).stdout
           for seed, threads in [("1", "1"), ("1", "3"), ("2", "1")]]
tap.ok(outputs[0] == outputs[1] != outputs[2], "the same seed, the same bytes, with any number of threads")
write("few", real[:8])
wide, narrow = compare("few", "made", resamples="200"), compare("real", "made", resamples="200")
tap.ok(wide["OA"][2] - wide["OA"][1] > narrow["OA"][2] - narrow["OA"][1], "fewer records, a wider interval")

# Records: pairs, mono, lengths.
write("pairs", [np.stack(real[i:i + 2]) for i in range(0, 30, 2)])
tap.ok(str(compare("pairs", "made")) == str(compare("real", "made")) != "{}", "a pair counts as two")
write("short", [x[:, :, :30] for x in real])
tap.ok(value(compare("short", "short"), "OA") == 1, "fewer frames than fiftieths")
with open("made", "rb") as file:
    got = subprocess.run(["keys-compare", "--resamples", "0", "real", "-"], stdin=file, capture_output=True)
tap.ok(got.stdout == run(["keys-compare", "--resamples", "0", "real", "made"]).stdout, "one of them from a pipe")


# Beats: intervals differ from record to record.
def write_beats(name, arrays, intervals, beat=25):
    with open(name, "wb") as file:
        for i, array in enumerate(arrays):
            facts = "kind=keys keys=27-59 beat=%d interval=%g" % (beat, intervals[i % len(intervals)])
            file.write(record(np.asarray(array, "<f4"), facts))
        file.write(end(len(arrays)))


write_beats("beats", real, [0.02, 0.03])
write_beats("beats-made", made, [0.02, 0.03])
write_beats("slower", real, [0.04])
got = compare("-t", "beats", "beats", "beats-made")
tap.ok(0.3 < value(got, "OA") < 1 and not math.isnan(value(got, "AUC")), "records of two tempi", got)
tap.ok(value(compare("beats", "beats"), "OA") == 1, "... and themselves")
got = compare("beats", "slower")
tap.ok(value(got, "OA-NPS") < 0.5 and value(got, "OA-POLY") > 0.999 and value(got, "together") == value(got, "together-real"),
       "slower music has fewer notes a second, the same chords", got)


# What it refuses.
def refused(name, wanted, *arguments, status=1):
    tap.refused(name, b"", wanted, ("keys-compare", *arguments), status)


write("low", [x[:, :20] for x in real], "kind=keys keys=27-46 interval=0.02")
write("slow", real, "kind=keys keys=27-59 interval=0.01")
write("single", real[:1])
write("wave", real, "kind=wave")
write("nan", [np.full((2, 33, 500), np.nan)] * 2)
refused("other keys", "low: record 1 at byte 0: keys 27-46, but the records before have 27-59", "real", "low")
refused("other lengths", "short: record 1 at byte 0: 30 frames of 0.02 s, but", "real", "short")
refused("another interval", "slow: record 1 at byte 0: 500 frames of 0.01 s, but", "-t", "slow", "real", "made")
refused("beats on one side", "beats: record 1 at byte 0: beats of 25 frames, but the records before have 0", "real", "beats")
refused("... on the other", "made: record 1 at byte 0: beats of 0 frames, but the records before have 25", "beats", "made")
write_beats("twelfths", made, [0.02], 12)
refused("other beats", "beats of 12 frames, but the records before have 25", "beats", "twelfths")
refused("one record", "single: fewer than two records", "real", "single")
refused("waves", "wave: record 1 at byte 0: kind=wave", "wave", "real")
refused("NaN", "value 1 is nan", "real", "nan")
refused("no such file", "none: ", "real", "none")
refused("one operand", "two operands", "real", status=2)
refused("three operands", "", "real", "made", "made", status=2)
refused("standard input twice", "only one", "-", "-", status=2)
refused("standard input as the training set too", "only one", "-t", "-", "real", "-", status=2)
for option, value_ in [("--resamples", "-1"), ("--floor", "-1"), ("-k", "5"), ("-i", "0"), ("-S", "x")]:
    refused(f"usage: {option} {value_}", value_, option, value_, "real", "made", status=2)
tap.done()
PYTHON
