#!/bin/bash
# keys-stats: every feature by hand, all of them against a second implementation and MusPy, silence, and what is no
# keys.
# shellcheck source=tests/tap.sh
. "$(dirname "$0")/../tap.sh"

PYTHONPATH=$here:$root/tests/reference PYTHONDONTWRITEBYTECODE=1 /usr/bin/python3 - <<'PYTHON'
import json
import math
import os

import music
import numpy as np
from streams import Tap, end, record, run

tap = Tap()
nan = math.nan


def lines(arrays, *options, facts="kind=keys keys=27-59 interval=0.02", said=b""):
    """[{column: value}] of a stream of these records."""
    data = b"".join(record(np.asarray(a, "<f4"), facts) for a in arrays) + end(len(arrays))
    got = run(["keys-stats", *options, *["-q"] * (not said)], data)
    if got.returncode or got.stderr != said:
        print("#", got)
        return []
    head, *rows = [line.split("\t") for line in got.stdout.decode().splitlines()]
    return [dict(zip(head, map(float, row))) for row in rows]


def held(*notes, frames=500):
    """(2, 33, frames) with notes (key, start, end)."""
    keys = np.zeros((2, 33, frames))
    for key, start, stop in notes:
        keys[:, key - 27, start:stop] = 0.3
    return keys


def close(a, b):
    return math.isnan(a) and math.isnan(b) or abs(a - b) <= 1e-6 * max(1, abs(b))


def expect(name, keys, wanted, **rest):
    got = lines([keys], **rest)
    wrong = {k: (got[0][k] if got else None, v) for k, v in wanted.items() if not (got and close(got[0][k], v))}
    tap.ok(not wrong, name, wrong)


# By hand. Key 40 is a C, 47 the G above it.
expect("one note all through", held((40, 0, 500)),
       dict(UPC=1, POLY=1, NPS=0.1, QN=1, NL=math.log(10), PCE=0, SC=1, TD=0, LR=1))
expect("a chord of C major in a fifth of the time", held((40, 0, 100), (44, 0, 100), (47, 0, 100)),
       dict(UPC=3 / 5, POLY=3, NPS=0.3, QN=1, NL=math.log(2), PCE=math.log2(3), SC=1, TD=0))
expect("octaves are one pitch class", held((28, 0, 500), (40, 0, 500), (52, 0, 500)), dict(UPC=1, POLY=3, PCE=0))
expect("a chromatic scale", held(*[(40 + i, 25 * i, 25 * i + 25) for i in range(12)]),
       dict(PCE=math.log2(12), SC=7 / 12))
expect("two windows of harmony, C and G, with silence between", held((40, 0, 25), (47, 75, 100)),
       dict(TD=math.sqrt((2 * math.sin(math.pi / 12)) ** 2 + 2 + (0.5 * math.sqrt(3)) ** 2)))
expect("notes of 1, 2, 3 and 4 frames", held((40, 0, 1), (41, 0, 2), (42, 0, 3), (43, 0, 4)),
       dict(QN=0.5, NL=math.log(0.05), NPS=0.4, POLY=10 / 4))
expect("a rest makes two notes of one", held((40, 10, 20), (40, 21, 30)), dict(NPS=0.2, NL=math.log(0.19)))
beat = lines([held(*[(40, t, t + 5) for t in range(12, 500, 25)]), held((40, 250, 255)),
              held(*[(40, t, t + 5) for t in (7, 20, 61, 90, 97, 180, 231, 305, 366, 478)])])
tap.ok([row["PULSE"] for row in beat][0] > 0.99 and beat[1]["PULSE"] < 0.01 and beat[2]["PULSE"] < 0.5,
       "a beat has a pulse, one onset and random ones have not", beat)
expect("every twelfth frame: between the lags 10 and 100", held(*[(40, t, t + 1) for t in range(0, 500, 12)]),
       dict(PULSE=music.pulse(held(*[(40, t, t + 1) for t in range(0, 500, 12)])[0, :, :] > 0)))
left = held((40, 0, 250))
left[1] = 0
expect("one channel silent", left, dict(POLY=1, LR=0))
expect("channels that alternate", np.stack([held((40, 0, 250))[0, :1 + 13], held((40, 250, 500))[0, :14]]),
       dict(POLY=1, LR=-1 / 27), facts="kind=keys keys=27-40 interval=0.02")
expect("mono is the same on both sides", held((40, 0, 250))[0], dict(POLY=1, LR=1))
soft = held((40, 0, 500))
soft[:, 5, :100] = 0.029
soft[:, 6, :100] = 0.031
expect("a tenth of the largest sounds, less does not", soft, dict(POLY=1.2))
expect("below 0 is silent", held((40, 0, 100)) - 0.01, dict(POLY=1, UPC=0.2))
expect("the key names the pitch class", held((40, 0, 500), (43, 0, 500))[:, 13:17], dict(UPC=2, PCE=1, SC=1),
       facts="kind=keys keys=40-43 interval=0.02")
got = run(["keys-stats", "-k", "40-43", "-i", "0.04"], record(held((40, 0, 50))[:, 13:17].astype("<f4")))
tap.ok(got.stdout.split(b"\n")[1].split(b"\t")[4:5] == [b"0.05"] and not got.stderr,
       "-k and -i where a record has none", got)

lifted = np.maximum(0.5 + 0.5 * music.piece(3).astype(float) - 0.6, 0)
got, wanted = lines([0.5 + 0.5 * music.piece(3)], "--floor", "0.6"), lines([lifted])
tap.ok(got and all(close(got[0][n], wanted[0][n]) for n in music.NAMES) and
       got[0]["POLY"] != lines([0.5 + 0.5 * music.piece(3)])[0]["POLY"], "--floor", (got, wanted))

# Frames of another length in each record.
three = [(music.piece(5), interval) for interval in (0.02, 0.0287123, 0.0399)]
stated = ["kind=keys keys=27-59 beat=24 interval=%g" % interval for _, interval in three]
got = run(["keys-stats"], b"".join(record(x, facts) for (x, _), facts in zip(three, stated)) + end(3))
rows = [line.split(b"\t")[2:] for line in got.stdout.splitlines()[1:]]
alone = [run(["keys-stats"], record(x, facts) + end(1)).stdout.splitlines()[1].split(b"\t")[2:]
         for (x, _), facts in zip(three, stated)]
tap.ok(rows == alone and len(rows) == 3 and
       all(close(float(row[2]) * interval, float(rows[0][2]) * 0.02) for row, (_, interval) in zip(rows, three)) and
       close(float(rows[2][4]) - float(rows[0][4]), math.log(0.0399 / 0.02)),
       "seconds are those of each record's own interval", rows)

# Silence: in its line, counted.
silence = lines([held(), held((40, 0, 50)), held()],
                said=b"keys-stats: 2 of 3 lines with features that are not defined\n")
tap.ok(len(silence) == 3 and all(math.isnan(silence[0][n]) for n in "POLY QN NL PCE SC PULSE TD".split()) and
       [silence[0][n] for n in ("UPC", "NPS", "LR")] == [0, 0, 0], "silence: NaN, in its line, counted", silence)
tap.ok(len(lines([held()])) == 1, "-q does not count")
tap.ok(not any(math.isnan(v) for v in lines([np.full((2, 33, 500), 0.1)])[0].values()),
       "all keys always: all is defined")

# Against the second implementation.
for frames in (500, 130, 60, 7):
    pieces = [music.piece(seed, frames) for seed in range(12)]
    rows = lines(pieces)
    wrong = [(seed, n, row[n], w) for seed, (row, p) in enumerate(zip(rows, pieces))
             for n, w in zip(music.NAMES, music.features(p)) if not close(row[n], w)]
    tap.ok(len(rows) == 12 and not wrong, f"{frames} frames: the ten features as NumPy has them", wrong[:4])
pair = np.stack([music.piece(1), music.piece(2)])
rows = lines([pair, pair[0]])
tap.ok([(r["record"], r["part"]) for r in rows] == [(1, 1), (1, 2), (2, 1)] and
       [rows[0][n] for n in music.NAMES] == [rows[2][n] for n in music.NAMES], "a line a part")
with open(os.path.dirname(music.__file__) + "/music.json") as file:
    muspy = json.load(file)
rows = lines([music.piece(int(seed)) for seed in muspy])
wrong = [(seed, n, row[n], w) for row, (seed, all) in zip(rows, muspy.items()) for n, w in all.items()
         if not close(row[n], w)]
tap.ok(len(rows) == 8 and not wrong, "POLY, PCE and SC as MusPy has them", wrong[:4])

# What it refuses.
for name, data, wanted in [
        ("NaN", record(np.full((2, 33, 5), nan, "<f4")), "value 1 is nan"),
        ("a wave", record(pair, "kind=wave") + end(1), "kind=wave, not keys"),
        ("other rows", record(pair[..., 1:, :]), "32 rows for the keys 27-59"),
        ("no end", record(pair, "kind=keys"), "end record is missing"),
        ("nothing", b"", "empty")]:
    got = run(["keys-stats"], data)
    tap.ok(got.returncode == 1 and got.stderr.count(b"\n") == 1 and wanted.encode() in got.stderr,
           "refused: " + name, got)
for option, value in [("-k", "5"), ("-i", "0")]:
    tap.refused(f"usage: {option} {value}", record(pair), value, ("keys-stats", option, value), 2)
tap.done()
PYTHON
