#!/bin/bash
# keys-to-wave with drums: the loudness of each in its band, hits that begin at once, no buzz, channels, and what is no
# record of drums.
# shellcheck source=tests/tap.sh
. "$(dirname "$0")/../tap.sh"

PYTHONPATH=$here PYTHONDONTWRITEBYTECODE=1 /usr/bin/python3 - <<'PYTHON'
import io

import numpy as np
from streams import Tap, end, record, run

tap = Tap()
LIMITS = 40, 130, 3000, 6000
NAMES = "low", "middle", "high"
DRUMS = "kind=keys keys=27-59 drums=3"


def wave(keys, *options, facts=DRUMS):
    got = run(["keys-to-wave", *options], record(np.asarray(keys, "<f4"), facts) + end(1))
    if got.returncode or got.stderr:
        print("#", got.stderr)
        return np.full((2, 240), np.nan)
    return np.load(io.BytesIO(got.stdout)).astype("f8")


def drums(drum, line):
    keys = np.zeros((2, 36, len(line)))
    keys[:, 33 + drum] = line
    return keys


def between(samples, low, high, rate):
    hertz = np.fft.rfftfreq(len(samples), 1 / rate)
    return np.fft.irfft(np.where((hertz >= low) & (hertz < high), np.fft.rfft(samples), 0), len(samples))


def rms(samples, frame=None):
    return np.sqrt(np.mean(samples.reshape(-1, frame or len(samples)) ** 2, 1))


def decibels(share):
    return 20 * np.log10(share)


# Loudness: held, and struck again and again.
random = np.random.default_rng(1)
struck = np.zeros(500)
for t in range(3, 500, 25):
    fade = random.uniform(0.02, 0.1) * np.exp(-np.arange(25) / 4)
    struck[t:t + 25] = np.where(fade > 0.001, fade, 0)[: 500 - t]
for drum, name in enumerate(NAMES):
    for rate in 12000, 44100:
        held = wave(drums(drum, [0.05] * 500), "-r", str(rate))[0]
        part = between(held, LIMITS[drum], LIMITS[drum + 1], rate)
        tap.ok(abs(decibels(rms(part)[0] / 0.05)) < 0.8, f"{name} at {rate} Hz: the RMS in its band",
               decibels(rms(part)[0] / 0.05))
        frames = rms(held, rate // 50)[10:]
        tap.ok(frames.std() < 0.05 * frames.mean(), "... and of each frame, though noise varies",
               frames.std() / frames.mean())
        below = between(held, 0, LIMITS[drum] / 2, rate)
        above = between(held, 2 * LIMITS[drum + 1], rate / 2, rate)
        tap.ok(max(rms(below)[0], rms(above)[0] if drum < 2 else 0) < 0.06 * 0.05, "... little elsewhere",
               (rms(below), rms(above)))
        hits = wave(drums(drum, struck), "-r", str(rate))[0]
        frames = rms(between(hits, LIMITS[drum], LIMITS[drum + 1], rate), rate // 50)
        good = np.linalg.norm(frames) / np.linalg.norm(struck)
        tap.ok(abs(decibels(good)) < 1, f"{name} at {rate} Hz: hits keep their loudness", decibels(good))
        tap.ok(not hits.reshape(500, -1)[struck == 0].any(), "... and end in silence")
high = wave(drums(2, [0.05] * 500), "-r", "44100")[0]
above = rms(between(high, 6000, 16000, 44100))[0] / 0.05
tap.ok(0.5 < above < 1.5, "a high drum goes on above 6 kHz where there is room", above)

# The low drum is struck: it falls to 50 Hz.
kick = wave(drums(0, 0.1 * np.exp(-np.arange(500) / 8)))[0]
pitches = []
for start, length in (0, 480), (960, 1200):
    amplitude = abs(np.fft.rfft(kick[start:start + length] * np.hanning(length), 12000))
    pitches.append(amplitude.argmax())
tap.ok(70 < pitches[0] < 130 and 40 < pitches[1] < 60, "a low drum falls", pitches)


# Attacks: where the sound begins, and how long it takes.
def attack(line, drum=1):
    """(begin, time until it first has the RMS that it will have) in ms."""
    played = abs(wave(drums(drum, line))[0])
    loud = np.flatnonzero(played > 0.3 * played.max())[0]
    return np.flatnonzero(played)[0] / 12, loud / 12


for drum in 1, 2:
    begin, loud = attack([0] * 10 + [0.1, 0.08, 0.06, 0.05, 0.04, 0], drum)
    tap.ok(200 <= begin < 200.5 and loud - begin < 2, f"{NAMES[drum]}: a hit begins at once", (begin, loud))
for place in 0.25, 0.5, 0.75:
    begin, loud = attack([0] * 10 + [0.1 * (1 - place) ** 0.5, 0.1, 0.1, 0.05, 0])
    tap.ok(abs(begin - 200 - 20 * place) < 1, f"a frame that is softer than the next: a hit at {place} of it", begin)
swell = wave(drums(2, np.linspace(0.02, 0.1, 100)))[0]
frames = rms(swell, 60)
tap.ok((frames[8:] / frames[4:-4]).max() < 1.6, "a swell has no hits", (frames[8:] / frames[4:-4]).max())

# No buzz at the rate of the frames: the power of held noise is as even at 50 Hz as beside it.
for drum, name in enumerate(NAMES):
    line = 0.05 + 0.005 * random.random(1000)
    power = between(wave(drums(drum, line))[0], LIMITS[drum], LIMITS[drum + 1], 12000) ** 2
    lines = abs(np.fft.rfft(power[: 240 * 1000]))
    beside = np.concatenate([lines[800:990], lines[1010:1200]])
    tap.ok(lines[995:1006].max() < 2 * beside.max(), f"{name}: no buzz at 50 Hz", lines[995:1006].max() / beside.max())

# Channels, parts, keys, lead.
both = drums(1, struck)
tap.ok((wave(both)[0] == wave(both)[1]).all(), "the same noise in both channels")
left = both.copy()
left[1] = 0
tap.ok((wave(left)[0] == wave(both)[0]).all() and not wave(left)[1].any(), "the channels are apart")
tap.ok((wave(both[0]) == wave(both)).all(), "mono")
tap.ok((wave(np.stack(np.split(both, 2, -1))) == wave(both)).all(), "from part to part")
keys = 0.05 * random.random((2, 33, 100)) * (random.random((2, 33, 100)) < 0.1)
full = np.concatenate([keys, np.broadcast_to(struck[:100], (2, 1, 100)), np.zeros((2, 2, 100))], 1)
alone = full.copy()
alone[:, 33:] = 0
tap.ok((wave(alone) == wave(keys, facts="kind=keys")).all(), "silent drums change nothing")
tap.ok(abs(wave(full / 4) - wave(alone / 4) - wave((full - alone) / 4)).max() < 1e-6, "keys and drums add up")
later = wave(both, facts=DRUMS + " lead=0.0287")
tap.ok((later[:, 344:] == wave(both)[:, :-344]).all() and not later[:, :344].any(),
       "drums that come before their sound")
data = record(both.astype("<f4"), DRUMS) + end(1)
got = run(["keys-to-wave"], data)
tap.ok(got.stdout == run(["keys-to-wave"], data).stdout and b"drums" not in got.stdout.split(b"\n")[0],
       "the same bytes each time, and a wave has no drums")
tap.ok(wave(both, facts=DRUMS + " interval=0.0005").shape == (2, 3000), "short frames")

# What it refuses.
small = np.zeros((2, 36, 5), "<f4")
tap.refused("two drums", record(small, "kind=keys drums=2") + end(1), "drums=2", ("keys-to-wave",))
tap.refused("drums that are missing", record(small[:, :33], "kind=keys drums=3") + end(1),
            "33 rows for the keys 27-59 and three drums", ("keys-to-wave",))
tap.refused("no room for high drums", record(small, DRUMS) + end(1), "high drums, 3000 to 6000 Hz",
            ("keys-to-wave", "-r", "5999"))
tap.done()
PYTHON
