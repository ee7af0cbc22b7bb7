#!/bin/bash
# keys-to-wave: frequency, loudness and purity of what is played, the round trip, and everything that is no keys.
# shellcheck source=tests/tap.sh
. "$(dirname "$0")/../tap.sh"

PYTHONPATH=$here:$root/tests/reference PYTHONDONTWRITEBYTECODE=1 /usr/bin/python3 - <<'PYTHON'
import io
import os
import subprocess

import numpy as np
from published_keys import frequency, synthesise
from streams import Tap, end, record, run

tap = Tap()


def load(data):
    file, arrays = io.BytesIO(data), []
    while file.tell() < len(data):
        arrays.append(np.load(file))
    return arrays[:-1]


def wave(keys, *options, facts="kind=keys"):
    got = run(["keys-to-wave", *options], record(np.asarray(keys, "<f4"), facts) + end(1))
    if got.returncode or got.stderr:
        print("#", got.stderr)
        return np.full((2, 1), np.nan)
    return load(got.stdout)[0]


def held(key, loudness=0.1, frames=500):
    keys = np.zeros((2, 33, frames), "<f4")
    keys[:, key - 27] = loudness
    return keys


def spectrum(samples, rate=12000):
    """Amplitude at each hertz and its decibels under the largest; a whole number of seconds, Blackman's window."""
    window = np.blackman(len(samples))
    amplitude = abs(np.fft.rfft(samples * window)) / window.sum() * 2
    return np.fft.rfftfreq(len(samples), 1 / rate), 20 * np.log10(np.maximum(amplitude, 1e-12) / amplitude.max())


# A held key: its frequency, its loudness, and nothing else.
for key in (27, 40, 50, 59):
    played = wave(held(key))
    middle = played[0, 12000:108000]
    hertz, decibels = spectrum(middle)
    tap.ok(abs(hertz[decibels.argmax()] - frequency(key)) < 0.1, f"key {key}: the peak is at its frequency")
    tap.ok(decibels[abs(hertz - frequency(key)) > 1].max() < -70, f"key {key}: nothing beside it",
           decibels[abs(hertz - frequency(key)) > 1].max())
    tap.ok(abs(np.sqrt(np.mean(middle ** 2)) - 0.1) < 1e-4 and abs(abs(middle).max() - 0.1 * np.sqrt(2)) < 1e-4,
           f"key {key}: its loudness is the root mean square")
buzz = synthesise(held(50)[0]).ravel()[12000:108000]
hertz, decibels = spectrum(buzz)
tap.ok(decibels[abs(hertz - frequency(50)) > 1].max() > -20, "sines that begin again in each frame would fail this")

# Loudness that changes in each frame by up to 6 dB: no buzz 40 dB below, no click.
steps = held(49)
steps[:, 22] *= np.where(np.arange(500) % 2, 0.5, 1)
hertz, decibels = spectrum(wave(steps)[0, 12000:108000])
tap.ok(decibels[abs(hertz - 440) > 400].max() < -40, "changes of loudness stay near the key")
bursts = held(49)
bursts[:, 22, np.arange(500) % 50 > 5] = 0
for options in ([], ["--release", "0", "--sharpen", "1"]):
    played = wave(bursts, *options)
    jump = abs(np.diff(played[0])).max() / abs(played).max()
    tap.ok(jump < 1.2 * 2 * np.pi * 440 / 12000, f"{options}: notes begin and end without clicks", jump)

# The formula without sharpening and release: silent where the keys are silent, but for the glide.
plain = wave(bursts, "--release", "0", "--sharpen", "1")
tap.ok(not plain[0][np.convolve(np.repeat(bursts[0, 22] != 0, 240), np.ones(63), "same") == 0].any() and
       abs(plain).max() > 0.1, "silence is silent")
frames = plain[0].reshape(500, 240)[np.arange(500) % 50 == 3]
tap.ok(abs(np.sqrt(np.mean(frames ** 2, 1)) - 0.1).max() < 2e-3, "a frame's loudness, unchanged")

# Shapes, facts, rates.
random = np.random.default_rng(1)
pair = (0.05 * random.random((2, 2, 33, 50))).astype("<f4")
joined = wave(pair)
tap.ok(joined.shape == (2, 24000) and (joined == wave(np.concatenate(list(pair), -1))).all(),
       "a pair's chunks follow one another, their phases run on")
mono = wave(pair[0, 0])
tap.ok(mono.shape == (2, 12000) and (mono[0] == mono[1]).all() and mono.any(), "mono sounds on both sides")
left = pair[0].copy()
left[1] = 0
tap.ok((wave(left)[0] == mono[0]).all() and not wave(left)[1].any(), "the channels are apart")
tap.ok(wave(pair[0], "-r", "44100").shape == (2, 44100), "another rate")
tap.ok(wave(pair[0], facts="kind=keys interval=0.01").shape == (2, 6000), "the record's interval")
tap.ok(wave(pair[0], facts="kind=keys interval=0.02004535147").shape == (2, 12027), "an interval of no whole samples")
tap.ok(wave(pair[0], "-i", "0.03", facts="").shape == (2, 18000), "-i where a record has none")
hertz, decibels = spectrum(wave(held(50)[:, 23:24], facts="kind=keys keys=70-70")[0, 12000:108000])
tap.ok(abs(hertz[decibels.argmax()] - frequency(70)) < 0.1, "the record's keys")
tap.ok((wave(held(50)[:, 23:24], "-k", "70-70", facts="") ==
        wave(held(50)[:, 23:24], facts="kind=keys keys=70-70")).all(), "-k where a record has none")
header = run(["keys-to-wave"], record(pair, "kind=keys keys=27-59 width=1st interval=0.02 source=a%20b start=3 score=7") +
             end(1)).stdout.split(b"\n")[0].split()
tap.ok({b"kind=wave", b"rate=12000", b"source=a%20b", b"start=3", b"score=7"} <= set(header) and
       not any(fact.startswith((b"keys=", b"width=", b"interval=")) for fact in header), "facts", header)
plain, later = wave(pair[0]), wave(pair[0], facts="kind=keys lead=0.0287")
tap.ok((later[:, 344:] == plain[:, :-344]).all() and not later[:, :344].any(),
       "keys that come before their sound: it is late to the sample")
tap.ok(not wave(pair[0], facts="kind=keys lead=9").any(), "a lead longer than the record")
tap.ok(b"lead" not in run(["keys-to-wave"], record(pair, "kind=keys lead=0.02") + end(1)).stdout.split(b"\n")[0],
       "the wave's lead is none")
tap.ok((wave(np.minimum(pair[0], 0.04) - 0.02) == wave(np.maximum(np.minimum(pair[0], 0.04) - 0.02, 0))).all(),
       "below 0 is silent")

# How to play it: what the record states, unless an option says otherwise.
for fact, value, option in [("floor", "0.02", "--floor"), ("release", "0.2", "--release"), ("sharpen", "1", "--sharpen"),
                            ("voice", "piano", "--voice")]:
    stated = f"kind=keys {fact}={value}"
    asked = wave(pair[0], option, value)
    tap.ok((wave(pair[0], facts=stated) == asked).all() and (asked != wave(pair[0])).any(), f"{fact} of the record")
    default = {"floor": "0", "release": "0.02", "sharpen": "2.5", "voice": "sine"}[fact]
    tap.ok((wave(pair[0], option, default, facts=stated) == wave(pair[0])).all(), f"... unless {option} is given")
    tap.ok(fact.encode() not in run(["keys-to-wave"], record(pair, stated) + end(1)).stdout.split(b"\n")[0],
           f"a wave has no {fact}")

# Level.
loud = wave(20 * pair[0])
tap.ok(abs(abs(loud).max() - 0.99) < 1e-6 and abs(loud / loud[0, 99] - wave(pair[0] / 9) / wave(pair[0] / 9)[0, 99]).max()
       < 1e-3, "a loud wave is turned down as a whole")
tap.ok(abs(wave(pair[0] / 20) * 10 - wave(pair[0] / 2)).max() < 1e-5, "a soft one stays soft")
floored = pair[0].astype("f8") - 0.02
floored = np.maximum(floored, 0) / floored.max()
tap.ok(abs(wave(pair[0], "--floor", "0.02") - wave(floored)).max() < 1e-5, "--floor")
tap.ok(not wave(pair[0], "--floor", "1").any(), "--floor above all is silence")
tap.ok(not wave(np.zeros((2, 33, 5))).any(), "silence")


# Keys to wave to keys, on swells of random keys as an analysis finds them.
def listen(waves, *options):
    file = io.BytesIO()
    np.save(file, waves)
    return load(run(["chunks-to-keys", *options], file.getvalue()).stdout)[0]


time = np.arange(240000) / 12000
music = np.zeros((2, 240000))
for note in range(80):
    start, length = random.uniform(0, 19), random.uniform(0.1, 1)
    shape = np.where((time > start) & (time < start + length), np.exp(-3 * (time - start)), 0)
    music += 0.05 * random.random((2, 1)) * shape * np.sin(2 * np.pi * frequency(random.integers(27, 60)) * time)
keys = listen(music)
before = keys > 0
f1 = {}
for name, played in [("ours", wave(keys)), ("unsharpened", wave(keys, "--sharpen", "1", "--release", "0")),
                     ("restarted", synthesise(keys))]:
    after = listen(played) > 0
    f1[name] = 2 * (before & after).sum() / (before.sum() + after.sum())
tap.ok(f1["ours"] > 0.89, "round trip: F1 above 0.89", f1)
tap.ok(f1["ours"] > f1["unsharpened"] > f1["restarted"], "round trip: better than without sharpening and than restarts",
       f1)
data = record(keys, "kind=keys") + end(1)
tap.ok(run(["keys-to-wave"], data).stdout == run(["keys-to-wave"], data).stdout, "the same keys, the same bytes")


# What it refuses.
def refused(name, data, wanted, *options, status=1):
    tap.refused(name, data, wanted, ("keys-to-wave", *options), status)


nan = pair.copy()
nan[0, 0, 0, 3] = np.nan
refused("NaN", record(nan), "record 1 at byte 0: value 4 is nan")
refused("a wave", record(pair, "kind=wave") + end(1), "kind=wave, not keys")
refused("rows and keys that differ", record(pair, "kind=keys keys=27-60") + end(1), "33 rows for the keys 27-60")
refused("other rows than the default's", record(pair[:, :, 1:]), "32 rows for the keys 27-59")
refused("keys that are none", record(pair, "kind=keys keys=0-32") + end(1), "keys=0-32")
refused("no interval", record(pair, "kind=keys interval=-1") + end(1), "interval=-1")
refused("a lead that is none", record(pair, "kind=keys lead=-1") + end(1), "lead=-1")
for fact in "floor=-1", "release=11", "sharpen=0.5", "voice=horn":
    refused(f"a fact that is none: {fact}", record(pair, "kind=keys " + fact) + end(1), fact)
refused("a width that is none", record(pair, "kind=keys width=5") + end(1), "width=5")
refused("one dimension", record(np.zeros(33, "<f4")), "shape (33,)")
refused("three channels", record(np.zeros((3, 33, 5), "<f4")), "shape (3, 33, 5)")
refused("no frames", record(np.zeros((2, 33, 0), "<f4")), "shape (2, 33, 0)")
refused("too loud", record(np.full((2, 33, 50), 3e38, "<f4")), "too loud")
refused("an interval without a sample", record(pair, "kind=keys interval=0.00001") + end(1), "no sample")
refused("a cut record", record(pair)[:3000], "cut short")
got = run(["keys-to-wave"], record(pair, "kind=keys"))
tap.ok(got.returncode == 1 and b"end record is missing" in got.stderr and b"kind=end" not in got.stdout,
       "no end record: none is written either", got.stderr)
refused("nothing", b"", "empty")
refused("a key above half of the rate", record(pair), "key 59, 784 Hz", "-r", "1500")
for option, value in [("--voice", "horn"), ("--floor", "-1"), ("--sharpen", "0.5"), ("--release", "x"), ("-k", "5"),
                      ("-w", "wide"), ("-i", "0"), ("-r", "0")]:
    refused(f"usage: {option} {value}", record(pair), value, option, value, status=2)

with open("/dev/full", "wb") as full:
    got = subprocess.run(["keys-to-wave"], input=data, stdout=full, stderr=subprocess.PIPE)
tap.ok(got.returncode == 1 and got.stderr.count(b"\n") == 1, "a full disk", got.stderr)
with open("keys", "wb") as file:
    file.write(data)
got = subprocess.run("keys-to-wave keys | head -c 100 | wc -c; echo ${PIPESTATUS[0]}", shell=True,
                     executable="/bin/bash", capture_output=True)
tap.ok(got.stdout.split() == [b"100", b"141"] and not got.stderr, "a closed pipe ends it silently", got)
tap.done()
PYTHON
