#!/bin/bash
# keys-to-wave --voice: the partials of each voice against its formula, their decay, no clicks, no clipping, the round
# trip.
# shellcheck source=tests/tap.sh
. "$(dirname "$0")/../tap.sh"

PYTHONPATH=$here:$root/tests/reference PYTHONDONTWRITEBYTECODE=1 /usr/bin/python3 - <<'PYTHON'
import io

import numpy as np
from published_keys import frequency, synthesise
from streams import Tap, end, record, run

tap = Tap()
VOICES = "sine", "gaussian", "piano"


def load(data):
    return np.load(io.BytesIO(data))


def wave(keys, *options, facts="kind=keys"):
    got = run(["keys-to-wave", "--sharpen", "1", "--release", "0", *options],
              record(np.asarray(keys, "<f4"), facts) + end(1))
    if got.returncode or got.stderr:
        print("#", got.stderr)
        return np.full((2, 1), np.nan)
    return load(got.stdout).astype("f8")


def held(key, loudness=0.1):
    keys = np.zeros((2, 33, 500))
    keys[:, key - 27] = loudness
    return keys


def amplitudes(samples, first, hertz, rate=12000):
    """Of the sines of these frequencies in samples that begin at sample `first`, by least squares; the rest's RMS."""
    turns = 2 * np.pi * np.outer((first + np.arange(len(samples))) / rate, hertz)
    base = np.hstack([np.cos(turns), np.sin(turns)])
    parts = np.linalg.lstsq(base, samples, rcond=None)[0]
    return np.hypot(*parts.reshape(2, -1)), np.sqrt(np.mean((samples - base @ parts) ** 2))


def rms(samples):
    return np.sqrt(np.mean(samples ** 2))


# The bell: each harmonic's amplitude, none above half of the rate, the loudness of all together.
def is_bell(name, key, bell, *options, rate=12000):
    played = wave(held(key), "--voice", "gaussian", *options)[0]
    middle = played[rate: rate * 9]
    harmonics = np.arange(1, int(np.ceil(rate / 2 / frequency(key))))
    expected = np.where(harmonics == 1, 1, bell[0] * np.exp(-0.5 * ((harmonics - bell[1]) / bell[2]) ** 2))
    expected[expected < 1e-3] = 0
    expected *= 0.1 * np.sqrt(2 / (expected ** 2).sum())
    got, rest = amplitudes(middle[:rate], rate, harmonics * frequency(key), rate)
    tap.ok(abs(got - expected).max() < 2e-5 and rest < 2e-5, name + ": the harmonics", (got, expected, rest))
    tap.ok(abs(rms(middle) - 0.1) < 1e-4, name + ": RMS of all together", rms(middle))


for key in (27, 40, 59):
    is_bell(f"key {key}", key, (0.25, 3, 2))
is_bell("another bell", 35, (0.6, 5, 1.5), "--bell-height", "0.6", "--bell-centre", "5", "--bell-width", "1.5")
is_bell("a bell from the first harmonic on", 35, (1, 1, 1), "--bell-height", "1", "--bell-centre", "1",
        "--bell-width", "1")
is_bell("more room", 59, (0.25, 3, 2), "-r", "44100", rate=44100)
is_bell("room for two", 59, (0.25, 3, 2), "-r", "4000", rate=4000)
pair = 0.05 * np.random.default_rng(1).random((2, 2, 33, 50))
tap.ok((wave(pair, "--voice", "gaussian", "--bell-height", "0", "--attack", "0") == wave(pair)).all(),
       "a bell of height 0: sines")
tap.ok((wave(pair, "--voice", "gaussian", "-r", "1600") == wave(pair, "-r", "1600")[..., :]).all(axis=1).sum() == 0 and
       (wave(held(59), "--voice", "gaussian", "-r", "1600") == wave(held(59), "-r", "1600")).all(),
       "harmonics above half of the rate are left out")


# The piano: what a note's balance is some time after its onset.
def is_piano(name, played, key, from_s, age, loudness=0.1):
    """The partials in 0.1 s from from_s, the note being `age` old at their middle."""
    h = np.arange(1, 7)
    hertz = h * frequency(key) * np.sqrt((1 + 3e-4 * h ** 2) / (1 + 3e-4))
    every = np.arange(1, 40)
    all_hertz = every * frequency(key) * np.sqrt((1 + 3e-4 * every ** 2) / (1 + 3e-4))
    all_hertz = all_hertz[all_hertz < 6000]
    expected = every[: len(all_hertz)] ** -1.5 * np.exp(-0.005 * (all_hertz - all_hertz[0]) * age)
    expected *= np.sqrt(2 / (expected ** 2).sum()) * loudness
    first = round(from_s * 12000)
    got = amplitudes(played[first:first + 1200], first, all_hertz)[0][:6]
    tap.ok(abs(got - expected[:6]).max() < 0.02 * loudness, name, (got, expected[:6]))
    return got[1:4] / got[0]


for key in (27, 45):
    played = wave(held(key), "--voice", "piano")[0]
    early = is_piano(f"piano, key {key}: at the onset", played, key, 0.02, 0.06)
    late = is_piano(f"piano, key {key}: 0.4 s later", played, key, 0.4, 0.44)
    tap.ok((np.diff(late / early) < 0).all() and (late < early).all(), "the higher a partial, the faster it decays",
           late / early)
    tap.ok(abs(rms(played[12000:108000]) - 0.1) < 1e-3 and abs(rms(played[1200:6000]) - 0.1) < 1e-3,
           "the loudness is that given, at all ages")
again = held(40)
again[:, 13, 250:255] = 0.04
is_piano("piano: a loudness that falls and rises by 6 dB is a new note", wave(again, "--voice", "piano")[0], 40, 5.1, 0.04)
again[:, 13, 250:255] = 0.06
is_piano("piano: less is none", wave(again, "--voice", "piano")[0], 40, 5.1, 5.14)
slow = held(40)
slow[:, 13] = np.linspace(0.02, 0.1, 500)
is_piano("piano: a swell is one note", wave(slow, "--voice", "piano")[0], 40, 9.8, 9.84, 0.0992)

# Bass: what is strong in its spectrum lies where it does at key 27.
bass = np.zeros((2, 25, 500))
bass[:, 0] = 0.1
for voice, law in [("gaussian", lambda h: 0.25 * np.exp(-0.5 * ((h / 4 - 3) / 2) ** 2)),
                   ("piano", lambda h: np.maximum(1, h / 4) ** -1.5)]:
    played = wave(bass, "--voice", voice, "--attack", "0", facts="kind=keys keys=3-27")[0, :12000]
    h = np.arange(1, 65)
    hertz = h * frequency(3) * (np.sqrt((1 + 3e-4 * h ** 2) / (1 + 3e-4)) if voice == "piano" else 1)
    got = amplitudes(played[:6000], 0, hertz[hertz < 6000])[0]
    aged = np.exp(-0.005 * (hertz - hertz[0]) * 0.25) if voice == "piano" else 1
    expected = (np.where(h == 1, 1, law(h)) * aged)[:16]
    tap.ok(abs(got[:16] / got[0] - expected).max() < 0.1, f"{voice}: a bass key's partials", (got[:16] / got[0], expected))
    strong = np.sqrt((got[hertz[: len(got)] > 150] ** 2).sum() / (got ** 2).sum())
    tap.ok(strong > 0.4, "... are heard where small speakers begin", strong)


# The noise of an attack: once a note, of its rise, where the frame is a quarter over.
def noise(line, *options, voice="gaussian"):
    """What --attack adds to key 40."""
    keys = np.zeros((2, 33, 500))
    keys[:, 13, :len(line)] = line
    return wave(keys, "--voice", voice, *options)[0] - wave(keys, "--voice", voice, "--attack", "0")[0]


struck = noise([0] * 10 + [0.1] * 100)
at = np.flatnonzero(struck)
tap.ok(2460 <= at[0] < 2470 and at[-1] < 2460 + 420, "an attack begins 5 ms after its frame, and ends", at[[0, -1]])
tap.ok(0.4 < rms(struck[2466:2526]) / (0.2 * 0.1) < 1.2, "as loud as its share of the note", rms(struck[2466:2526]))
amplitude = abs(np.fft.rfft(struck[2400:3600]))
tap.ok((amplitude[:120] ** 2).sum() < 0.02 * (amplitude ** 2).sum(), "nothing of it among the keys")
tap.ok(abs(noise([0] * 10 + [0.05] * 100) * 2 - struck).max() < 1e-6, "softer notes have softer attacks")
tap.ok(abs(noise([0] * 10 + [0.1] * 100, "--attack", "0.4") - 2 * struck).max() < 1e-5, "--attack")
tap.ok(not noise([0] * 10 + [0.1] * 100, "--attack", "9", voice="sine").any(), "a sine has none")
tap.ok(noise([0] * 10 + [0.1] * 100, voice="piano").any(), "a piano has one")
slow = noise([0] * 10 + [0.01, 0.02, 0.07, 0.1] + [0.1] * 100)
tap.ok(2460 + 480 <= np.flatnonzero(slow)[0] < 2480 + 480, "a blurred onset: where it rises most", np.flatnonzero(slow)[0])
twice = noise(([0.1] * 20 + [0.04] * 2) * 2)
tap.ok((abs(np.diff(np.flatnonzero(twice))) > 1000).sum() == 1, "struck again: again")
tap.ok((noise([0.05] * 200)[600:] == 0).all(), "held: none")

# A frame's RMS is its loudness, whatever stands beside it: one key, so high that its phase hardly matters.
steps = np.random.default_rng(2).uniform(0.02, 0.1, 500) * (np.random.default_rng(3).random(500) < 0.7)
keys = held(59)
keys[:, 32] = steps
got = np.sqrt(np.mean(wave(keys, "-r", "12000")[0].reshape(500, 240) ** 2, 1))
tap.ok(abs(got - steps).max() < 0.002, "changing loudness: each frame's RMS", abs(got - steps).max())

# Notes as in music: chords with steep onsets that fade, in both channels, at other loudness.
random = np.random.default_rng(4)
song = np.zeros((2, 33, 1000))
for note in range(150):
    key, start, length = random.integers(33), random.integers(980), random.integers(5, 60)
    fade = np.exp(-np.arange(length) / 25)[: 1000 - start]
    song[:, key, start:start + length] = np.maximum(song[:, key, start:start + length],
                                                    random.uniform(0.02, 0.06, (2, 1)) * fade)


def flux(samples, window=64):
    """What grows in the spectrum from window to window, 2 ms on: its mean across the borders of frames over its mean
    inside them. The window, 5 ms, is short enough to tell them apart."""
    frames = np.lib.stride_tricks.sliding_window_view(samples, window)[::24] * np.hanning(window + 1)[:-1]
    grown = np.maximum(np.diff(abs(np.fft.rfft(frames)), axis=0), 0).sum(1)
    place = (np.arange(len(grown)) * 24 + 12 + window // 2) % 240
    border = (place < 12) | (place >= 228)
    return grown[border].mean() / grown[~border].mean()


# The voices are as bright as this analysis lets them be.
BANDS = ["-a", "bands"]


def listen(waves):
    return load(run(["chunks-to-keys", *BANDS], record(waves.astype("<f4"), "kind=wave rate=12000") + end(1)).stdout)


heard = listen(wave(song))
for voice in VOICES:
    for name, keys in ("sudden", song), ("heard", heard):
        for options in [], ["--sharpen", "2.5", "--release", "0.02"]:
            ratios = [flux(side) for side in wave(keys, "--voice", voice, *options)]
            tap.ok(max(ratios) < 1, f"{voice}, {name} notes {options}: no more flux at the borders of frames than "
                   "inside", ratios)
ratio = flux(synthesise(song[0]).ravel())
tap.ok(ratio > 1.5, "sines that begin again in each frame would fail this", ratio)

# Level, channels, parts.
for voice in VOICES:
    loud = wave(20 * song, "--voice", voice)
    tap.ok(abs(abs(loud).max() - 0.99) < 1e-6, f"{voice}: a loud wave stays below full scale", abs(loud).max())
    soft = wave(song / 100, "--voice", voice)
    scale = np.vdot(loud, soft) / np.vdot(loud, loud)
    tap.ok(abs(loud * scale - soft).max() < 1e-4 * abs(soft).max(), f"{voice}: turned down as a whole")
    left = song / 10
    left[1] = 0
    one = wave(left, "--voice", voice)
    tap.ok(one[0].any() and not one[1].any() and (one[0] == wave(song / 10, "--voice", voice)[0]).all(),
           f"{voice}: the channels are apart")
    parts = np.stack(np.split(song / 10, 2, -1))
    tap.ok((wave(parts, "--voice", voice) == wave(song / 10, "--voice", voice)).all(),
           f"{voice}: phases and notes run on from part to part")
    tap.ok(not wave(0 * song, "--voice", voice).any(), f"{voice}: silence")


# Keys to wave to keys.
f1 = {}
for voice in VOICES:
    again = listen(wave(heard, "--voice", voice, "--sharpen", "2.5", "--release", "0.02"))
    f1[voice] = 2 * ((heard > 0) & (again > 0)).sum() / ((heard > 0).sum() + (again > 0).sum())
    tap.ok(f1[voice] >= 0.90, f"{voice}: round trip: F1 at least 0.90", f1)


def harmonic(waves):
    return load(run(["chunks-to-keys", "-a", "harmonic"], record(waves.astype("<f4"), "kind=wave rate=12000") + end(1)).stdout)


noted = harmonic(wave(song, "--voice", "piano"))
for voice in VOICES:
    again = harmonic(wave(noted, "--voice", voice, "--sharpen", "2.5", "--release", "0.02", facts="kind=keys lead=0.02"))
    f1[voice] = 2 * ((noted > 0) & (again > 0)).sum() / ((noted > 0).sum() + (again > 0).sum())
    tap.ok(f1[voice] >= 0.90, f"{voice}: round trip by the harmonic analysis: F1 at least 0.90", f1)

data = record(pair.astype("<f4"), "kind=keys") + end(1)
for option, value in [("--voice", "horn"), ("--bell-width", "0"), ("--bell-height", "-1"), ("--bell-centre", "x")]:
    tap.refused(f"usage: {option} {value}", data, value, ("keys-to-wave", option, value), 2)
tap.done()
PYTHON
