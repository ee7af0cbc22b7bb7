#!/bin/bash
# losses-to-png: where a curve runs, gaps, phases, scales; and everything that is no table of losses.
# shellcheck source=tests/tap.sh
. "$(dirname "$0")/../tap.sh"

PYTHONPATH=$here PYTHONDONTWRITEBYTECODE=1 /usr/bin/python3 - <<'PYTHON'
import subprocess

import numpy as np
from png import decode
from streams import Tap, run

tap = Tap()
HEADER, PANEL = 62, 168  # the first panel's curve lies between the rows 84 and 204
BLUE, ORANGE, GREY = (0, 89, 204), (217, 84, 0), (77, 77, 77)
GENERATOR, DISCRIMINATOR = (217, 235, 255), (255, 230, 204)


def table(columns, phases=None):
    """losses.tsv of {name: values}."""
    rows = list(zip(*columns.values()))
    phases = phases or ["adversarial"] * len(rows)
    lines = [("epoch", "phase", *columns)] + [(i + 1, phase, *row) for i, (phase, row) in enumerate(zip(phases, rows))]
    return "".join("\t".join(map(str, line)) + "\n" for line in lines).encode()


def png(columns, phases=None, *options):
    got = run(["losses-to-png", "-W", "600", *options], table(columns, phases))
    if got.returncode or got.stderr:
        print("#", got.stderr)
        return np.zeros((HEADER + PANEL, 600, 3), int)
    return decode(got.stdout)


def like(picture, colour, tolerance=12):
    return (abs(picture - colour) <= tolerance).all(-1)


def curve(picture, colour=BLUE):
    """The first panel's curve: columns, and its middle row in each."""
    found = like(picture[84:204, 60:285], colour, 60)
    columns = np.nonzero(found.any(0))[0]
    return columns, np.array([np.nonzero(found[:, column])[0].mean() for column in columns])


steps = np.arange(20.0)
# Places.
columns, rows = curve(png({"g_a": steps}))
tap.ok(len(columns) > 190 and np.ptp(columns) + 1 == len(columns), "a curve from the first epoch to the last", len(columns))
tap.ok((np.diff(rows) <= 0.5).all() and rows[0] - rows[-1] > 95, "it rises where the loss does", list(rows))
tap.ok(abs(rows - np.linspace(rows[0], rows[-1], len(rows))).max() < 1.5, "... evenly")
falling = curve(png({"g_a": -steps}))[1]
tap.ok(falling[-1] - falling[0] > 95, "it falls where the loss does")
exponential = curve(png({"g_a": 10 ** (steps / 4)}))[1]
tap.ok(abs(exponential - rows).max() < 1.5, "the scale is logarithmic over 100 and more")
small = curve(png({"g_a": 10 ** (steps / 10)}))[1]
tap.ok(abs(small - rows).max() > 10, "... and not below")
minus = curve(png({"g_a": 10 ** (steps / 4) - 2}))[1]
tap.ok(abs(minus - rows).max() > 10, "... nor where a number is below 0")
tap.ok(abs(curve(png({"g_a": 1e-30 * steps}))[1] - rows).max() < 1.5, "small numbers")
tap.ok(abs(curve(png({"g_a": 5e98 * steps}))[1] - rows).max() < 1.5, "large numbers")
for constant in (0, 1, -3e-5, 1e100, 1e-300):
    flat = curve(png({"g_a": 0 * steps + constant}))
    tap.ok(len(flat[0]) > 190 and np.ptp(flat[1]) < 1, "always %g" % constant, flat)
tap.ok(len(curve(png({"g_a": [3]}))[0]) > 1, "a single epoch is seen")

# Gaps.
gaps = steps.copy()
gaps[[0, 1, 8, 9, 10, 12]] = np.nan
columns = curve(png({"g_a": gaps}))[0]
pieces = np.split(columns, np.nonzero(np.diff(columns) > 1)[0] + 1)
lengths = [len(piece) for piece in pieces]
tap.ok(len(pieces) == 3 and lengths[0] in range(50, 62) and lengths[1] in range(2, 8) and lengths[2] in range(60, 75),
       "gaps where a loss was not computed, and an epoch between two is seen", lengths)
tap.ok(not len(curve(png({"g_a": ["nan"] * 3 + ["-nan"]}))[0]), "a loss that was never computed has no curve")

# Thousands of epochs.
spike = np.ones(30000)
spike[12345] = 50
columns, rows = curve(png({"g_a": spike}))
tap.ok(rows.min() < 80 and abs(columns[rows.argmin()] - columns[0] - 12345 / 30000 * np.ptp(columns)) < 3,
       "one peak in 30000 epochs is not lost", rows.min())

# Colours, phases, panels.
for name, colour in ("g_a", BLUE), ("d_a", ORANGE), ("rate", GREY):
    tap.ok(len(curve(png({name: steps}), colour)[0]) > 190, name + " has its colour")
phases = png({"g_a": steps}, ["generator"] * 4 + ["discriminator"] * 6 + ["adversarial"] * 10)[90:95]
shares = [like(phases, colour, 1).sum() / 5 for colour in (GENERATOR, DISCRIMINATOR)]
width = np.nonzero((phases != 255).any(-1).any(0))[0][-1] - 62
tap.ok(abs(shares[0] / width - 0.2) < 0.02 and abs(shares[1] / width - 0.3) < 0.02, "the phases lie behind the curve", shares)
other = png({"g_a": steps}, ["adversarial"] * 10 + ["polishing"] * 10)[90:95, 200:280]
tap.ok((other < 252).any(-1).mean() > 0.5, "a phase of another name has a colour too")
for count, options, shape in (1, (), (HEADER + PANEL, 600, 3)), (5, (), (HEADER + 3 * PANEL, 600, 3)), \
        (5, ("-W", "1200"), (HEADER + 2 * PANEL, 1200, 3)):
    tap.ok(png({"g_%d" % i: steps for i in range(count)}, None, *options).shape == shape, "%d panels in %s" % (count, shape))
one, two = png({"g_a": steps}), png({"g_a": steps, "d_b": -steps})
tap.ok((one[84:, :290] == two[84:, :290]).all() and (two[84:, 310:] != 255).any(), "panels stand side by side")

# What is no such table.
good = table({"g_a": [1, 2], "d_b": ["nan", 4]}, ["generator", "adversarial"])
open("losses.tsv", "wb").write(good)


def refused(name, data, wanted, *options, status=1):
    tap.refused(name, data, wanted, ["losses-to-png", *options], status)


refused("nothing", b"", "standard input: empty")
refused("no epoch", good.split(b"\n")[0] + b"\n", "standard input: no epoch in it")
refused("another table", b"a\tb\tc\n1\t2\t3\n", "line 1: does not begin with epoch and phase")
refused("a number that is none", good.replace(b"4", b"four"), "line 3: d_b=four is no number")
refused("infinity", good.replace(b"4", b"inf"), "line 3: d_b=inf is no number")
refused("a number that is too large", good.replace(b"4", b"1e101"), "line 3: d_b=1e101 is no number")
refused("an epoch that is none", good.replace(b"2\ta", b"nan\ta"), "line 3: epoch nan does not come after")
refused("epochs that do not ascend", good + good.split(b"\n")[2] + b"\n", "line 4: epoch 2 does not come after")
refused("an epoch beyond sense", good.replace(b"2\ta", b"1e16\ta"), "line 3: epoch 1e+16 is too large")
refused("a column too few", good.replace(b"\t4", b""), "line 3: 3 columns, not 4")
refused("a column too many", good.replace(b"\t4", b"\t4\t5"), "line 3: more than 4 columns")
refused("an empty line", good + b"\n", "line 4: ")
refused("a zero byte", good.replace(b"g_a", b"g\0a"), "line 1: a zero byte is no text")
refused("201 losses", table({"g_%d" % i: [1] for i in range(201)}), "line 1: more than 200 losses")
refused("nine phases", table({"g_a": range(9)}, list("abcdefghi")), "line 7: more than 8 phases")
refused("a tensor", b"\x93NUMPY\1\0" + bytes(200), "line 1: ")
refused("no file", b"", "nowhere.tsv: No such file", "nowhere.tsv")
refused("-W", good, "599", "-W", "599", status=2)
refused("-o", good, "like losses.png", "-o", "%s", status=2)
cuts = [at for at in range(1, len(good)) if good[at - 1:at] != b"\n"]
wrong = [(at, got) for at, got in ((at, run(["losses-to-png"], good[:at])) for at in cuts)
         if got.returncode != 1 or got.stdout or got.stderr.count(b"\n") != 1]
tap.ok(not wrong and len(cuts) > 40, "cut at every byte", wrong[:3])
got = run(["losses-to-png", "losses.tsv", "-o", "losses.png"])
tap.ok(not got.returncode and not got.stdout and decode(open("losses.png", "rb").read()).shape[1] == 1200, "-o", got)
before = open("losses.png", "rb").read()
refused("-o and a broken table", good[:-1], "line 3: cut short", "-o", "losses.png")
tap.ok(open("losses.png", "rb").read() == before, "... leaves the file as it was")
with open("/dev/full", "wb") as full:
    got = subprocess.run(["losses-to-png", "losses.tsv"], stdout=full, stderr=subprocess.PIPE)
tap.ok(got.returncode == 1 and b"No space left" in got.stderr and got.stderr.count(b"\n") == 1, "a full disk", got)
tap.done()
PYTHON
