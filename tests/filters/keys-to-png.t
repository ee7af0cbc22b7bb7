#!/bin/bash
# keys-to-png: where a note is drawn, in which colour, how dark; names of files; and everything that is no keys.
# shellcheck source=tests/tap.sh
. "$(dirname "$0")/../tap.sh"

PYTHONPATH=$here PYTHONDONTWRITEBYTECODE=1 /usr/bin/python3 - <<'PYTHON'
import os
import subprocess

import numpy as np
from png import decode
from streams import Tap, end, record, run

tap = Tap()
WIDE, HIGH = 484, 288  # so that the roll is 400 by 198: four columns a frame of 100, six rows a key of 33


def png(keys, *options, facts="kind=keys keys=27-59"):
    got = run(["keys-to-png", "-W", str(WIDE), "-H", str(HIGH), *options],
              record(np.asarray(keys, "<f4"), facts) + end(1))
    if got.returncode or got.stderr:
        print("#", got.stderr)
        return np.zeros((HIGH, WIDE, 3), int)
    return decode(got.stdout)


def note(key, begin, finish, left=0.1, right=0.1, frames=100, keys=33, first=27):
    keys = np.zeros((2, keys, frames))
    keys[:, key - first, begin:finish] = [[left], [right]]
    return keys


def box(picture, other):
    """(left, top, right, bottom) of where two pictures differ; the latter two are outside."""
    rows, columns = np.nonzero((picture != other).any(-1))
    return (columns.min(), rows.min(), columns.max() + 1, rows.max() + 1) if len(rows) else None


silence = png(np.zeros((2, 33, 100)))
tap.ok(silence.shape == (HIGH, WIDE, 3), "the size that was asked for")
tap.ok((silence.max() == 255) and (silence == 255).all(-1).mean() > 0.5, "silence is mostly white")
left, top, right, bottom = box(png(np.full((2, 33, 100), 0.1)), silence)
tap.ok((right - left, bottom - top) == (400, 198), "the roll is what the margins leave", (left, top, right, bottom))

# Places.
places = {(key, begin): box(png(note(key, begin, begin + 10)), silence) for key in (27, 28, 40, 59) for begin in (0, 90)}
tap.ok(all(place == (left + 4 * begin, top + 6 * (59 - key), left + 4 * begin + 40, top + 6 * (60 - key))
           for (key, begin), place in places.items()), "a note is at its key and time", places)
tap.ok(box(png(note(5, 20, 30, keys=11, first=1), "-k", "1-11", facts=""),
           png(np.zeros((2, 11, 100)), "-k", "1-11", facts="")) == (left + 80, top + 108, left + 120, top + 126),
       "-k are the keys of records that do not state theirs")
long = note(40, 3000, 3001, frames=6000)
tap.ok(box(png(long), png(0 * long)) == (left + 200, top + 6 * 19, left + 201, top + 6 * 20),
       "one short note among 6000 frames is not lost")
pair = np.stack([note(40, 0, 10, frames=50), note(50, 40, 50, frames=50)])
tap.ok((png(pair) == png(np.concatenate(list(pair), -1))).all(), "a pair's chunks follow one another")

# Colours.
x, y = left + 42, top + 6 * (59 - 42) + 3  # key 42, a white one, at 0.21 s
def ink(*sides):
    return png(note(42, 10, 11, *sides))[y, x]
orange, blue, dark = ink(1, 0), ink(0, 1), ink(1, 1)
tap.ok((silence[y, x] == 255).all(), "white where nothing sounds")
tap.ok(orange[0] > 200 > 150 > orange[1] > orange[2], "left is orange", list(orange))
tap.ok(blue[2] > 200 > 150 > blue[1] > blue[0], "right is blue", list(blue))
tap.ok(abs(dark - orange * blue / 255).max() <= 2 and dark.max() < 60, "both sides: the product of the two", list(dark))
grey = png(note(42, 10, 11)[0])[y, x]
tap.ok(np.ptp(grey) <= 2 and grey.max() < 60, "mono is black", list(grey))
two = note(42, 10, 11, 1, 0) + note(42, 20, 21, 0.1, 0)
amount = ((255 - png(two)[y, x + 40]) / (255 - orange))[1:]
tap.ok(abs(amount - 0.1 ** 0.6).max() < 0.03, "a tenth as loud: 0.1^0.6 of the ink", list(amount))
tap.ok((png(two) == png(two * 7)).all(), "only what is louder than what counts")
tap.ok((png(two - 0.05 * (two == 0)) == png(two)).all(), "below 0 is silent")
tap.ok((png(0.3 + two, "--floor", "0.3") == png(two)).all() and (png(0.3 + two) != png(two)).any(),
       "--floor takes away what always sounds")
stated = png(0.3 + two, facts="kind=keys keys=27-59 floor=0.3 voice=piano release=1 sharpen=1")
tap.ok(box(stated, png(two))[3] <= top and
       (png(0.3 + two, "--floor", "0", facts="kind=keys keys=27-59 floor=0.3")[top:] == png(0.3 + two)[top:]).all(),
       "so does the record's, unless it is given")

# Rows of black keys, and what is around the roll.
shades = [tuple(silence[top + 6 * (59 - key) + 2, left + 30]) for key in range(40, 52)]
tap.ok([shade != (255,) * 3 for shade in shades] == [n in (1, 3, 6, 8, 10) for n in range(12)],
       "the rows of black keys are shaded", shades)
tap.ok(box(png(np.zeros((2, 33, 100)), facts="kind=keys keys=27-59 source=a/b%20c.mp3 start=10"), silence)[3] <= top,
       "the source stands above")
tap.ok(box(png(np.zeros((2, 33, 100)), facts="kind=keys keys=27-59 interval=0.05"), silence) is not None and
       box(png(np.zeros((2, 33, 100)), "-i", "0.05"), png(np.zeros((2, 33, 100)), facts="interval=0.05")) is None,
       "the interval is the record's, or that of -i")
lines = png(np.zeros((2, 33, 100)), facts="kind=keys keys=27-59 interval=0.02 beat=10")[58:].astype(int) - silence[58:]
tap.ok(sorted(set(np.nonzero(lines.any((0, 2)))[0])) == [64 + 160, 64 + 320], "a faint line every fourth beat",
       set(np.nonzero(lines.any((0, 2)))[0]))
tap.ok(png(np.zeros((2, 33, 100)), facts="kind=keys keys=27-59 interval=1e-320").max() == 255, "an interval of nearly nothing")
same = [png(np.zeros((2, 33, 100)), facts="kind=keys source=" + source) for source in
        ("a?????b".replace("?", "%3F"), "a%FF%C0%80%ED%1Bb")]
tap.ok((same[0] == same[1]).all(), "what is no UTF-8 becomes question marks")
for source in ("%C3%BC%E2%82%AC%F0%9F%8E%B9", "%F4%90%80%80%ED%A0%80%E2%82", "x" * 60000):
    wide = png(np.zeros((2, 33, 100)), facts="kind=keys keys=27-59 source=" + source)
    tap.ok(box(wide, silence)[3] <= top and box(wide, silence)[2] < WIDE - 60, source[:40] + " as the source")
for keys in ("1-88", "27-27", "39-41", "88-88"):
    first, last = map(int, keys.split("-"))
    for size in (["-W", "300", "-H", "200"], ["-W", "301", "-H", "333"]):
        roll = np.zeros((last - first + 1, 1))
        empty = png(roll, "-k", keys, *size, facts="")
        places = []
        for key in range(first, last + 1, 29):
            roll[:] = 0
            roll[key - first] = 1
            places.append(box(png(roll, "-k", keys, *size, facts=""), empty))
        tap.ok(all(places) and places == sorted(places, key=lambda p: -p[1]), f"keys {keys} at {size}: each is seen", places)

# Drums: three thin rows below the keys.
DRUMS = "kind=keys keys=27-59 drums=3"
empty = png(np.zeros((2, 36, 100)), facts=DRUMS)
tap.ok(box(empty, silence) is not None, "drums have a place of their own")
places = []
for row in range(36):
    roll = np.zeros((2, 36, 100))
    roll[:, row, 10:20] = 0.1
    places.append(box(png(roll, facts=DRUMS), empty))
tap.ok(all(places) and all(place[0] == left + 40 and place[2] == left + 80 for place in places), "all rows are at their time",
       places)
edges = [place[1::2] for place in places[32::-1] + places[:32:-1]]
tap.ok(all(a[1] <= b[0] for a, b in zip(edges, edges[1:])) and edges[-1][1] == bottom and edges[0][0] == top,
       "from the highest key down to the high, middle and low drum", edges)
tap.ok(all(b - a == 4 for a, b in edges[33:]) and edges[33][0] - edges[32][1] == 2, "thin, below a line", edges[32:])
loud = np.zeros((2, 36, 100))
loud[:, 0], loud[:, 34] = 0.1, 0.001
tap.ok((png(loud, facts=DRUMS) == png(loud * np.where(np.arange(36) < 33, 1, 9)[:, None], facts=DRUMS)).all(),
       "drums are as dark as they are loud among drums")

# Files.
one = record(note(40, 0, 10).astype("<f4"), "kind=keys")
other = record(note(50, 0, 10).astype("<f4"), "kind=keys")
size = ["-W", "300", "-H", "200"]
alone = run(["keys-to-png", *size], one + end(1)).stdout
os.mkdir("out")
got = run(["keys-to-png", *size, "-o", "out/roll-%03d.png"], one + other + end(2))
tap.ok(not got.returncode and not got.stdout and sorted(os.listdir("out")) == ["roll-001.png", "roll-002.png"],
       "-o numbers the files", got)
tap.ok(open("out/roll-001.png", "rb").read() == alone, "... and the first is what it would be alone")
open("one", "wb").write(one + end(1))
got = run(["keys-to-png", *size, "one", "-o", "out/single.png"])
tap.ok(not got.returncode and open("out/single.png", "rb").read() == alone, "a file's operand and name")


def refused(name, data, wanted, *options, status=1):
    tap.refused(name, data, wanted, ["keys-to-png", *size, *options], status)


refused("several need names", one + other + end(2), ": several records need numbered files: -o NAME-%03d.png")
refused("no end", one, "end")
refused("cut", (one + end(1))[:-200], "record")
refused("no record", end(0), "-: no record in it")
refused("another kind", record(np.zeros((2, 33, 9), "<f4"), "kind=wave") + end(1), "kind=wave, not keys")
refused("no such shape", record(np.zeros((3, 33, 9), "<f4"), "kind=keys") + end(1), "shape (3, 33, 9) is not")
refused("rows that are no keys", record(np.zeros((2, 32, 9), "<f4"), "kind=keys") + end(1), "32 rows for the keys 27-59")
refused("NaN", record(np.full((2, 33, 9), np.nan, "<f4"), "kind=keys") + end(1), "nan")
refused("-k", one, "--keys: '30-20'", "-k", "30-20", status=2)
refused("-W", one, "299", "-W", "299", status=2)
refused("-o", one, "like NAME-%03d.png", "-o", "a%s", status=2)
refused("no folder", one + end(1), "nowhere/a.png", "-o", "nowhere/a.png")
before = open("out/single.png", "rb").read()
refused("-o and a broken stream", one, "end", "-o", "out/single.png")
tap.ok(open("out/single.png", "rb").read() == before, "... leaves the file as it was")
with open("/dev/full", "wb") as full:
    got = subprocess.run(["keys-to-png", "one"], stdout=full, stderr=subprocess.PIPE)
tap.ok(got.returncode == 1 and b"No space left" in got.stderr and got.stderr.count(b"\n") == 1, "a full disk", got)
tap.done()
PYTHON
