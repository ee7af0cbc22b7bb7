#!/bin/bash
# chunks-to-keys: the published formula computed in full, thresholds, shapes and facts, and everything that is no wave.
# shellcheck source=tests/tap.sh
. "$(dirname "$0")/../tap.sh"

PYTHONPATH=$here:$root/tests/reference PYTHONDONTWRITEBYTECODE=1 /usr/bin/python3 - <<'PYTHON'
import io
import os
import subprocess

import numpy as np
from published_keys import analyse, frequency
from streams import Tap, end, record, run

tap = Tap()
random = np.random.default_rng(1)


def tones(samples, rate, keys):
    """(2, samples): noise, and a few keys that swell and fade."""
    time = np.arange(samples) / rate
    wave = 0.05 * random.standard_normal((2, samples))
    for key in keys:
        wave += 0.3 * np.sin(2 * np.pi * frequency(key) * time) * np.sin(key * time) ** 2
    return wave.astype("<f4")


def npy(array):
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


def load(data):
    file, arrays = io.BytesIO(data), []
    while file.tell() < len(data):
        arrays.append(np.load(file))
    assert arrays.pop().shape == (0,)
    return arrays


def keys(waves, *options):
    got = run(["chunks-to-keys", *options], waves if isinstance(waves, bytes) else npy(waves))
    if got.returncode or got.stderr:
        return [np.full(1, np.nan)]
    return load(got.stdout)


def same(got, want, tolerance=1e-6):
    """The largest difference is within the tolerance of the largest value; NaN and another shape never are."""
    return got.shape == want.shape and abs(got - want).max() <= tolerance * max(abs(want).max(), 1e-30)


# The formula: even, odd and prime lengths, rates, ranges of keys, widths; masks that reach 0 Hz and half of the rate.
for samples, rate, first, last, width, threshold in [
        (120000, 12000, 27, 59, "12.5Hz", 0.025), (120000, 12000, 27, 59, "0.25st", 0.2),
        (100003, 12000, 27, 59, "12.5Hz", 0), (12345, 8000, 1, 82, "12.5Hz", 0.025),
        (30011, 11025, 1, 88, "0.25st", 0), (30011, 11025, 27, 59, "12.5Hz", 0.025),
        (44100, 44100, 1, 88, "12.5Hz", 0.025), (7919, 11025, 1, 88, "200Hz", 0), (7920, 44100, 1, 88, "3000Hz", 0),
        (9001, 8374, 88, 88, "1st", 0), (1, 12000, 27, 59, "12.5Hz", 0), (240, 12000, 27, 59, "0.25st", 0),
        (241, 12000, 49, 49, "0.25st", 0), (5000, 12000, 40, 40, "0.001Hz", 0)]:
    wave = tones(samples, rate, range(first, last + 1, 5))
    got = keys(wave, "-k", f"{first}-{last}", "-w", width, "-t", str(threshold), "-r", str(rate))[0]
    want = analyse(wave, rate, int(0.02 * rate + 0.5), width, range(first, last + 1), threshold)
    tap.ok(same(got, want), f"{samples} samples at {rate} Hz, keys {first}-{last}, {width}, threshold {threshold}")

wave = tones(5000, 12000, [40])
tap.ok(same(keys(wave, "-i", "0.001", "-t", "0")[0], analyse(wave, interval=12, width="0.25st", threshold=0)),
       "another interval")
tap.ok(same(keys(wave, "-i", "10", "-t", "0")[0], analyse(wave, interval=120000, width="0.25st", threshold=0)),
       "an interval longer than the wave")
silence = keys(np.zeros((2, 2, 1200), "<f4"))[0]
tap.ok(silence.shape == (2, 2, 33, 5) and not silence.any(), "silence is silent")
sine = np.sin(2 * np.pi * 440 * np.arange(120000) / 12000)
one = keys(np.stack([sine, 0.5 * sine]))[0][:, :, 100:400]
tap.ok(same(one[:, 22], np.full((2, 300), 1) * np.sqrt(0.5) * np.array([[1], [0.5]]), 1e-2) and
       not np.delete(one, 22, 1).any(), "a sine is its key's loudness and no other's, in float64")

# Shapes, facts, types.
pair = tones(2400, 12000, [30, 45]).reshape(2, 2, 1200)
want = analyse(pair, width="0.25st", threshold=0.2)
tap.ok(same(keys(pair)[0], want), "the leading dimensions of a pair stay")
tap.ok(same(keys(pair[0, 0])[0], analyse(pair[0, 0], width="0.25st", threshold=0.2)), "one row")
tap.ok(same(keys((pair * 10000).astype("<i4"))[0], analyse((pair * 10000).astype("<i4"), width="0.25st",
                                                           threshold=0.2)), "integers")
facts = "kind=pair rate=11025 source=a%20song start=20 colour=red"
header = run(["chunks-to-keys", "-k", "40-41"], record(pair, facts) + end(1)).stdout.split(b"\n")[0]
for fact in (b"kind=keys", b"interval=0.02004535147", b"keys=40-41", b"width=0.25st", b"source=a%20song", b"start=20",
             b"colour=red"):
    tap.ok(fact in header.split(), f"fact {fact.decode()}")
tap.ok(b"rate=" not in header, "no fact rate")

# What the threshold is relative to; records of different sizes and rates in one stream.
loud, soft = tones(2400, 12000, [30]), 0.05 * tones(3600, 12000, [40])
both = npy(loud) + npy(soft)
stream, each, all_ = keys(both), keys(both, "--relative-to", "record"), keys(both, "-t", "0")
largest = all_[0].max()
tap.ok(all((s == np.where(a < 0.2 * largest, 0, a)).all() for s, a in zip(stream, all_)), "relative to the stream")
tap.ok(all((e == np.where(a < 0.2 * a.max(), 0, a)).all() for e, a in zip(each, all_)) and each[1].any() and
       not stream[1].any(), "relative to each record")
mixed = keys(record(loud, "rate=8000") + record(loud, "rate=12000") + record(soft), "-t", "0")
tap.ok(same(mixed[0], analyse(loud, 8000, 160, "0.25st", threshold=0)) and
       same(mixed[1], analyse(loud, width="0.25st", threshold=0)) and
       same(mixed[2], analyse(soft, width="0.25st", threshold=0)), "each record's own rate and length")

data = npy(pair)
tap.ok(run(["chunks-to-keys"], data).stdout == run(["chunks-to-keys"], data).stdout, "the same input, the same bytes")
tap.ok(load(run(["chunks-to-keys"], end(0)).stdout) == [], "an empty stream of records stays one")

# Memory does not grow with the number of records.
with open("many", "wb") as file:
    chunk = tones(240000, 12000, []).reshape(2, 2, 120000)
    for _ in range(30):
        file.write(npy(chunk))
sanitised = b"__asan_init" in open(os.path.join(os.environ["PATH"].split(":")[0], "chunks-to-keys"), "rb").read()
got = subprocess.run(["bash", "-c", ("" if sanitised else "ulimit -d 16384; ") + "chunks-to-keys many >keys"],
                     capture_output=True)
tap.ok(got.returncode == 0 and not got.stderr, "thirty pairs within 16 MB", got.stderr)


# What it refuses.
def refused(name, data, wanted, *options, status=1):
    tap.refused(name, data, wanted, ("chunks-to-keys", *options), status)


bad = pair.copy()
bad[1, 0, 7] = np.nan
whole = record(pair, "kind=pair") + end(1)
refused("NaN", npy(bad), "record 1 at byte 0: value 2408 is nan")
refused("NaN in the second record", npy(pair) + npy(bad), "record 2")
refused("keys", record(pair, "kind=keys") + end(1), "kind=keys, not wave|chunk|pair")
refused("a cut record", whole[:3000], "cut short")
refused("no end record", record(pair, "kind=pair"), "end record is missing")
refused("nothing", b"", "empty")
refused("no dimension", npy(np.float32(1)), "shape ()")
refused("no samples", npy(np.zeros((2, 0), "<f4")), "shape (2, 0)")
refused("no room for a dimension", npy(np.zeros((1, 1, 1, 1, 1, 1, 1, 5), "<f4")), "shape (1, 1, 1, 1, 1, 1, 1, 5)")
refused("a key above half of the rate", record(pair, "kind=pair rate=8000") + end(1), "key 88, 4186 Hz", "-k", "80-88")
refused("no rate", record(pair, "kind=pair rate=0") + end(1), "rate=0")
refused("an interval without a sample", npy(pair), "no sample", "-i", "0.0001", "-r", "2000")
for option, value in [("-k", "59-27"), ("-k", "0-5"), ("-k", "27"), ("-w", "12.5"), ("-w", "0st"), ("-w", "xHz"),
                      ("-t", "1.5"), ("-t", "nan"), ("-i", "0"), ("-r", "-1"), ("--relative-to", "song")]:
    refused(f"usage: {option} {value}", npy(pair), value, option, value, status=2)
refused("usage: two files", b"", "b", "a", "b", status=2)
refused("no such file", b"", "nowhere", "nowhere")

with open("/dev/full", "wb") as full:
    got = subprocess.run(["chunks-to-keys"], input=whole, stdout=full, stderr=subprocess.PIPE)
tap.ok(got.returncode == 1 and got.stderr.count(b"\n") == 1, "a full disk", got.stderr)
got = subprocess.run("chunks-to-keys many | head -c 100 | wc -c; echo ${PIPESTATUS[0]}", shell=True,
                     executable="/bin/bash", capture_output=True)
tap.ok(got.stdout.split() == [b"100", b"141"] and not got.stderr, "a closed pipe ends it silently", got)
got = subprocess.run(["chunks-to-keys"], input=whole, capture_output=True, env={**os.environ, "TMPDIR": "/nowhere"})
tap.ok(got.returncode == 1 and got.stderr.count(b"\n") == 1 and not got.stdout, "no room for a temporary file")
tap.done()
PYTHON
