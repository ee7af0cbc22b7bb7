#!/bin/bash
# keys-to-wave with records whose intervals differ, as those of the beat clock: each lasts as long as its own frames
# say, begins notes where they stand and as fast as any, glides instead of stepping, and drums fade alike at any tempo.
# shellcheck source=tests/tap.sh
. "$(dirname "$0")/../tap.sh"

PYTHONPATH=$here PYTHONDONTWRITEBYTECODE=1 /usr/bin/python3 - <<'PYTHON'
import io

import numpy as np
from streams import Tap, end, record, run

tap = Tap()
RATE, FRAMES = 44100, 504
INTERVALS = 0.02, 0.0287123, 0.0399
PURE = "--sharpen", "1", "--release", "0"


def waves(records, *options):
    """The waves of (keys, interval, other facts)."""
    data = b"".join(record(np.asarray(keys, "<f4"), "kind=keys keys=27-59 interval=%.10g %s" % (interval, facts))
                    for keys, interval, facts in records)
    got = run(["keys-to-wave", "-q", "-r", str(RATE), *options], data + end(len(records)))
    if got.returncode or got.stderr:
        print("#", got.stderr)
        return [np.full((2, RATE), np.nan)] * len(records)
    file, arrays = io.BytesIO(got.stdout), []
    while file.tell() < len(got.stdout):
        arrays.append(np.load(file).astype("f8"))
    return arrays[:-1]


def held(line, key=49):
    keys = np.zeros((2, 33, len(line)))
    keys[:, key - 27] = line
    return keys


# A stream of three tempi: what a record sounds like depends on no other.
random = np.random.default_rng(1)
keys = 0.05 * random.random((3, 2, 36, FRAMES)) * (random.random((3, 2, 36, FRAMES)) < 0.1)
keys[:, :, 4:33] = 0
mixed = [(keys[i], interval, "drums=3 beat=24") for i, interval in enumerate(INTERVALS)]
together = waves(mixed)
for i, interval in enumerate(INTERVALS):
    tap.ok(together[i].shape == (2, round(FRAMES * interval * RATE)), f"{interval}: exact to a sample")
    tap.ok(np.array_equal(together[i], waves(mixed[i:i + 1])[0]), f"{interval}: as it sounds alone")
got = run(["keys-to-wave", "-q"], record(held([0.1] * 50).astype("<f4"), "kind=keys beat=24 interval=0.03") + end(1))
tap.ok(got.stdout and b"beat" not in got.stdout.split(b"\n")[0], "a wave has no beat")


# Time does not drift, and a note begins as fast in a long frame.
def envelope(samples, hertz=440):
    """The amplitude of what is near a frequency."""
    turned = samples * np.exp(-2j * np.pi * hertz * np.arange(len(samples)) / RATE)
    window = np.hanning(int(4 * RATE / hertz))
    return 2 * abs(np.convolve(turned, window / window.sum(), "same"))


def rise(samples):
    """Seconds from a tenth to nine tenths of the amplitude that it has in its first 0.1 s."""
    amplitude = envelope(samples)[:RATE // 10]
    return (np.argmax(amplitude > 0.9 * amplitude.max()) - np.argmax(amplitude > 0.1 * amplitude.max())) / RATE


for interval in INTERVALS:
    last = np.flatnonzero(waves([(held([0] * 503 + [0.1]), interval, "beat=24")], *PURE)[0][0])[0]
    tap.ok(0 <= last - round(503 * interval * RATE) < 3, f"{interval}: the last frame's note begins there", last)
    played = waves([(held([0] * 5 + [0.1] * 20), interval, "beat=24")], *PURE)[0][0]
    tap.ok(0.004 < rise(played[round(5 * interval * RATE):]) < 0.008, f"{interval}: an attack of 10 ms",
           rise(played[round(5 * interval * RATE):]))
    again = waves([(held([0.02] * 5 + [0.1] * 20), interval, "beat=24")], *PURE)[0][0]
    middle = envelope(again)[round((5 * interval + 0.01) * RATE)]
    tap.ok(middle > 0.9 * 0.1 * 2 ** 0.5, f"{interval}: ... of a note struck again too", middle)
    noise = []
    for line in [0] * 5 + [0.1] * 20, [0] * 5 + [0.05] * 20:
        score = [(held(line), interval, "beat=24 voice=gaussian")]
        noise.append(waves(score, *PURE, "--bell-height", "0")[0][0] -
                     waves(score, *PURE, "--bell-height", "0", "--attack", "0")[0][0])
    late = np.flatnonzero(abs(noise[0]) > 0)[0] / RATE - 5 * interval
    tap.ok(abs(late - 0.005) < 1e-3, f"{interval}: the noise of an attack is 5 ms late", late)


# Long frames are no steps: a note that fades is near the curve that its frames were measured on.
def faded(interval, seconds=0.3):
    t = np.arange(int(2 / interval)) * interval
    line = np.sqrt(seconds / 2 / interval * (np.exp(-2 * t / seconds) - np.exp(-2 * (t + interval) / seconds)))
    amplitude = envelope(waves([(held(0.1 * line), interval, "beat=24")], *PURE)[0][0])
    t = np.arange(len(amplitude)) / RATE
    inside = (t > 0.1) & (t < 1.2)
    return 20 * np.log10(amplitude[inside] / (0.1 * np.sqrt(2) * np.exp(-t[inside] / seconds)))


for interval in INTERVALS:
    tap.ok(abs(faded(interval)).max() < 0.15, f"{interval}: within 0.15 dB of a note that fades", abs(faded(interval)).max())


# A hit of three frames, and two that follow at once: as long at any tempo with a beat, else as long as its frames.
def hits(interval, drum, facts="beat=24"):
    """(ms after its beginning at which 50, 90 and 99 % of the first hit were heard), (s: the beginnings of both)."""
    keys = np.zeros((2, 36, 60))
    keys[:, 33 + drum, 10:13] = 0.1, 0.05, 0.01
    keys[:, 33 + drum, 40:43] = 0.05, 0.1, 0.02
    played = waves([(keys, interval, "drums=3 " + facts)])[0][0]
    middle = round(30 * interval * RATE)
    first, second = (np.flatnonzero(abs(part) > 1e-4)[0] for part in (played[:middle], played[middle:]))
    power = np.cumsum(played[first:middle] ** 2)
    heard = np.array([np.searchsorted(power, share * power[-1]) for share in (0.5, 0.9, 0.99)])
    return 1000 * heard / RATE, (first / RATE, (middle + second) / RATE)


for drum, name in enumerate(("low", "middle", "high")):
    usual = hits(0.02, drum, "")[0]
    tap.ok(np.array_equal(hits(0.02, drum)[0], usual), f"{name}: frames of 20 ms sound as without a beat")
    for interval in INTERVALS[1:]:
        heard, (first, second) = hits(interval, drum)
        tap.ok(abs(heard - usual).max() < 4, f"{name} at {interval}: a hit fades as at 0.02", (heard, usual))
        tap.ok(abs(first - 10 * interval) < 1e-3 and abs(second - 40 * interval - 0.015) < 1.5e-3,
               f"{name} at {interval}: in its frame, 15 ms late where the frame is half as loud as the next",
               (first, second))
        longer = hits(interval, drum, "")[0]
        tap.ok(longer[2] > 0.9 * usual[2] * interval / 0.02, f"{name} at {interval}: without a beat its frames are time",
               longer)
dense = np.zeros((2, 36, 40))
dense[:, 34, 4:36] = np.tile([0.1, 0.05], 16)
power = waves([(dense, 0.04, "drums=3 beat=24")])[0][0] ** 2
frames = power.reshape(40, -1, 147).mean(-1)
tap.ok((frames[4:36:2, 0] > 1e-4).all() and not frames[5:36:2].any() and not frames[:4].any(),
       "hits that follow one another begin where they stand, and silence is between them")

tap.refused("a beat without an interval", record(held([0.1] * 48).astype("<f4"), "kind=keys beat=24") + end(1),
            "record 1 at byte 0: beat=24 without an interval", ("keys-to-wave",))
tap.done()
PYTHON
