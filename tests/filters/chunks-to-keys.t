#!/bin/bash
# chunks-to-keys: the published and the harmonic formulas computed in full, notes told from overtones, drums,
# thresholds, shapes and facts, and everything that is no wave.
# shellcheck source=tests/tap.sh
. "$(dirname "$0")/../tap.sh"

PYTHONPATH=$here:$root/tests/reference PYTHONDONTWRITEBYTECODE=1 /usr/bin/python3 - <<'PYTHON'
import io
import os
import re
import subprocess

import harmonic_keys
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


def heard(waves, *options):
    got = run(["chunks-to-keys", *options], waves if isinstance(waves, bytes) else npy(waves))
    if got.returncode or got.stderr:
        return [np.full(1, np.nan)]
    return load(got.stdout)


def keys(waves, *options):
    return heard(waves, "-a", "bands", *options)


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
       "another length of a frame")
tap.ok(same(keys(wave, "-i", "10", "-t", "0")[0], analyse(wave, interval=120000, width="0.25st", threshold=0)),
       "a frame longer than the wave")
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
tap.ok(same(heard(pair, "-a", "published")[0], analyse(pair)), "the published form is one option away")
tap.ok((heard(pair, "-w", "12.5Hz", "-t", "0.025", "--relative-to", "stream", "--tuning", "440")[0] == heard(pair, "-a", "published")[0]).all(), "or its numbers")
tap.ok((heard(pair)[0] == heard(pair, "-a", "harmonic")[0]).all() and
       (heard(pair, "-w", "0.25st")[0] == heard(pair, "-a", "bands")[0]).all(), "a width stated means plain bands")
facts = "kind=pair rate=11025 source=a%20song start=20 colour=red"
header = run(["chunks-to-keys", "-a", "bands", "-k", "40-41"], record(pair, facts) + end(1)).stdout.split(b"\n")[0]
for fact in (b"kind=keys", b"interval=0.02004535147", b"keys=40-41", b"width=0.25st", b"source=a%20song", b"start=20",
             b"colour=red"):
    tap.ok(fact in header.split(), f"fact {fact.decode()}")
tap.ok(b"rate=" not in header, "no fact rate")
facts = "kind=pair lead=0.5"
header = [run(["chunks-to-keys", "-a", how], record(pair, facts) + end(1)).stdout.split(b"\n")[0].split()
          for how in ("harmonic", "bands")]
tap.ok(b"lead=0.02" in header[0] and not any(fact.startswith(b"lead=") for fact in header[1]),
       "fact lead: keys of notes come a frame before their sound", header)

# What the threshold is relative to; records of different sizes and rates in one stream.
loud, soft = tones(2400, 12000, [30]), 0.05 * tones(3600, 12000, [40])
both = npy(loud) + npy(soft)
stream, each, all_ = keys(both, "--relative-to", "stream"), keys(both), keys(both, "-t", "0")
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



# Notes and their harmonics.
def sawtooth(key, time, rate):
    partials = range(1, int(0.49 * rate / frequency(key)) + 1)
    return 0.2 * sum(np.sin(2 * np.pi * h * frequency(key) * time) / h for h in partials)


def notes(samples, rate, played):
    """Noise, and sawtooths: {key: (begin, end)} in seconds."""
    time = np.arange(samples) / rate
    wave = 0.002 * random.standard_normal(samples)
    for key, (begin, last) in played.items():
        wave += sawtooth(key, time, rate) * (time >= begin) * (time < last)
    return wave.astype("<f4")


for samples, rate, first, last in [(36000, 12000, 27, 59), (30011, 12000, 27, 59), (14401, 8000, 1, 70),
                                   (40001, 48000, 1, 88), (12343, 12000, 40, 40)]:
    wave = np.stack([notes(samples, rate, {40: (0, 1), 47: (0.5, 3)}), notes(samples, rate, {33: (0, 3)})])
    got = heard(wave, "-t", "0", "-k", f"{first}-{last}", "-r", str(rate))[0]
    want = harmonic_keys.analyse(wave, rate, rate // 50, range(first, last + 1))
    tap.ok(same(got, want, 1e-3), f"harmonic: {samples} samples at {rate} Hz, keys {first}-{last}")
wave = np.stack([notes(60000, 12000, {40: (0, 1), 47: (0.5, 3)}), notes(60000, 12000, {33: (0, 3), 44: (1, 4)})])
for threshold in 0.05, 0.3:
    got, want = heard(wave, "-t", str(threshold))[0], harmonic_keys.analyse(wave, threshold=threshold)
    tap.ok(((got > 0) != (want > 0)).sum() <= 2 and same(np.where(want > 0, got, 0), np.where(got > 0, want, 0), 1e-3),
           f"harmonic: threshold {threshold}: a key's own loudness tells its notes", ((got > 0) != (want > 0)).sum())

for key in (27, 40, 52, 59):
    got = heard(notes(60000, 12000, {key: (0, 5)}))[0]
    loud = 0.2 * np.sqrt(0.5)
    tap.ok(got.shape == (33, 250) and abs(got[key - 27, 20:230] / loud - 1).max() < 0.2 and
           not np.delete(got, key - 27, 0).any(), f"a sawtooth is key {key} and no other",
           (np.unique(np.nonzero(got)[0]) + 27, got[key - 27, 20:230].min() / loud, got[key - 27].max() / loud))
for played in ({40: (0, 5), 44: (0, 5), 47: (0, 5)}, {30: (0, 5), 45: (0, 5)}):
    got = heard(notes(60000, 12000, played))[0][:, 20:230]
    tap.ok(list(np.flatnonzero((got > 0).mean(1) > 0.5) + 27) == sorted(played), f"a chord of keys {sorted(played)}",
           (got > 0).mean(1))
for rate in (11025, 22050, 44100):
    got = heard(notes(2 * rate + 7, rate, {40: (0, 9)}), "-r", str(rate), "-k", "1-88")[0]
    tap.ok(list(np.flatnonzero((got > 0).mean(1) > 0.5) + 1) == [40], f"a sawtooth at {rate} Hz among all keys",
           [(k + 1, got[k].mean() / got.mean(1).max()) for k in np.flatnonzero(got.any(1))])
time = np.arange(60000) / 12000
sines = 0.2 * np.sin(2 * np.pi * frequency(40) * time) + 0.1 * np.sin(2 * np.pi * frequency(52) * time)
got = heard(sines.astype("<f4"))[0][:, 20:230]
tap.ok(abs(got[13] / 0.1414 - 1).max() < 0.05 and abs(got[25] / 0.0707 - 1).max() < 0.05,
       "of sines, an octave is no overtone", (got[13].min(), got[25].min()))
for interval in (0.005, 0.1, 1):
    got = heard(notes(60000, 12000, {40: (0, 5)}), "-i", str(interval))[0]
    tap.ok(got.shape == (33, round(5 / interval)) and abs(got[13].mean() / loud - 1) < 0.1 and
           not np.delete(got, 13, 0).any(), f"a sawtooth in frames of {interval} s", got.mean(1))
drum = np.zeros(60000, "<f4")
drum[6000::12000] = 1
tone = notes(60000, 12000, {40: (0, 5)})
got = heard(tone + 0.5 * drum)[0]
tap.ok(np.delete(got, 13, 0).astype(bool).mean() < 0.01 and got[13, 20:230].all(), "clicks are no notes",
       np.delete(got, 13, 0).astype(bool).mean())
got = heard(np.stack([tone, 0.25 * tone]))[0]
tap.ok(same(got[1], 0.25 * got[0], 0.05), "two sides keep their proportion")
tap.ok(same(heard(tone * np.float32(1e-12))[0] * 1e12, heard(tone)[0], 1e-3) and
       same(heard(tone * np.float32(1e12))[0] * 1e-12, heard(tone)[0], 1e-3), "faint or loud, the same notes")
silence = heard(np.zeros((2, 2, 1200), "<f4"))[0]
tap.ok(silence.shape == (2, 2, 33, 5) and not silence.any(), "harmonic: silence is silent")
for samples in (1, 2, 239, 241, 2399):
    got = heard(notes(samples, 12000, {40: (0, 9)}), "-t", "0")[0]
    tap.ok(got.shape == (33, -(-samples // 240)) and np.isfinite(got).all(), f"harmonic: {samples} samples")
impulse = np.zeros(12000, "<f4")
impulse[5000] = 1
tap.ok(np.isfinite(heard(impulse, "-t", "0")[0]).all(), "harmonic: a single sample that is not 0")
huge = heard((3e38 * np.sin(2 * np.pi * 440 * time)).astype("<f4"))[0]
tap.ok(huge.max() > 1e38 and list(np.flatnonzero(huge.any(1))) == [22], "harmonic: as loud as can be")
data = npy(np.stack([tone, tone[::-1]])) * 2
again = [subprocess.run(["chunks-to-keys"], input=data, capture_output=True,
                        env={**os.environ, "OMP_NUM_THREADS": threads}).stdout for threads in "114"]
tap.ok(again[0] == again[1] == again[2] and len(again[0]) > 1000, "harmonic: the same bytes from any number of threads")
got = load(run(["chunks-to-keys"], npy(tone) + npy(tone[:24007]) + npy(tone)).stdout)
tap.ok((got[0] == got[2]).all() and got[1].shape == (33, 101), "harmonic: records of different lengths")
header = run(["chunks-to-keys"], npy(tone)).stdout.split(b"\n")[0].split()
tap.ok(b"width=0.3st" in header, "harmonic: the width that it listened with")
loud, soft = heard(npy(tone) + npy(0.001 * tone))
tap.ok(same(1000 * soft, loud, 1e-3), "harmonic: relative to each record")
loud, soft = heard(npy(tone) + npy(np.float32(0.001) * tone), "--relative-to", "stream")
tap.ok(loud.any() and not soft.any(), "harmonic: relative to the stream if so wished")

# Drums.
def drums(*options):
    """Keys 3-63 and the three drums of the wave."""
    got = heard(options[0], "--drums", "-k", "3-63", *options[1:])[0]
    return (got[..., :-3, :], got[..., -3:, :]) if got.ndim > 1 else (got, got)


def hits(begins, sound, share=1):
    """(60000): the sound at each of these samples."""
    wave = np.zeros(60000)
    for begin in begins:
        wave[begin:begin + len(sound)] += share * sound[:len(wave) - begin]
    return wave


def noise(low, high, decay):
    spectrum = np.fft.rfft(random.standard_normal(2400))
    frequencies = np.fft.rfftfreq(2400, 1 / 12000)
    return np.fft.irfft(spectrum * ((frequencies > low) & (frequencies < high))) * np.exp(-np.arange(2400) / 12000 / decay)


age = np.arange(2400) / 12000
kick = np.exp(-age / 0.05) * np.sin(2 * np.pi * (50 * age + 1.8 * (1 - np.exp(-age / 0.03))))
kicks, snares, hats = (range(begin, 60000, 6000) for begin in (3000, 6120, 4560))
played = hits(kicks, kick, 0.5) + hits(snares, noise(200, 3000, 0.04), 0.3) + hits(hats, noise(3500, 6000, 0.02), 0.3)
bass = notes(60000, 12000, {20: (0, 5), 40: (0, 5)})
for samples, rate, option in [(60000, 12000, ()), (60000, 12000, ("-t", "0")), (50011, 11025, ("-t", "0")),
                              (50011, 44100, ()), (241, 12000, ("-t", "0")), (1, 12000, ("-t", "0"))]:
    wave = np.stack([played + bass, bass])[:, :samples].astype("<f4")
    got, want = drums(wave, "-r", str(rate), *option)[1], harmonic_keys.drums(wave, rate, int(0.02 * rate + 0.5), not option)
    tap.ok(same(got, want, 1e-4), f"drums: the formula: {samples} samples at {rate} Hz {' '.join(option)}")
alone = drums((played + notes(60000, 12000, {})).astype("<f4"))[1] > 0
for row, begins in enumerate((kicks, snares, hats)):
    begun = np.flatnonzero(np.diff(np.concatenate([[0], alone[row]])) == 1) * 240 + 240
    missed = [begin for begin in begins if abs(begun - begin).min(initial=9999) > 240]
    tap.ok(not missed, f"drums: those of row {row} begin in their frame", (missed, begun))
got = drums((hits(kicks, kick, 0.5) + bass).astype("<f4"))
tap.ok(list(np.flatnonzero(got[0].any(1)) + 3) == [20, 40] and not got[1][2].any() and got[1][0].any(),
       "a kick drum is no bass note and no cymbal", (np.flatnonzero(got[0].any(1)) + 3, got[1].any(1)))
rms = np.sqrt(np.mean(hits(kicks, kick, 0.5).reshape(250, 240) ** 2, 1))
struck = np.array(kicks) // 240
tap.ok(abs(np.mean(got[1][0][struck - 1]) / np.mean(rms[struck]) - 1) < 0.3, "as loud as it is",
       (got[1][0][struck - 1], rms[struck]))
got = drums(notes(60000, 12000, {20: (0, 5), 40: (0, 5), 44: (0, 5), 47: (0, 5)}))
tap.ok(not got[1].any() and got[0].any(), "notes that are held are no drums", got[1].any(1))
got = drums(np.zeros((2, 2, 1200), "<f4"))
tap.ok(got[1].shape == (2, 2, 3, 5) and not got[1].any(), "silence has no drums")
got = drums((1e38 * (played + bass)).astype("<f4"))[1]
tap.ok(same(1e-38 * got, drums((played + bass).astype("<f4"))[1], 1e-3), "drums as loud as can be")
wave = (played + bass).astype("<f4")
header = run(["chunks-to-keys", "--drums"], npy(wave)).stdout.split(b"\n")[0].split()
tap.ok(b"keys=27-59" in header and b"drums=3" in header and b"lead=0.02" in header, "fact drums", header)
got = heard(npy(wave) + npy(wave[:24007]), "--drums", "--relative-to", "stream")
tap.ok([keys.shape for keys in got] == [(36, 250), (36, 101)] and (got[0][-3:] == drums(wave)[1]).all(),
       "drums relative to the stream: their threshold is that of a record")
tap.ok((heard(wave)[0] == heard(wave, "--drums")[0][:-3]).all(), "keys are the same with drums as without")

# The tuning.
def facts_of(data, *options):
    """Of the first record."""
    header = run(["chunks-to-keys", *options], data).stdout.split(b"\n")[0].decode("latin1")
    return dict(re.findall(r"(\w+)=(\S+)", header.split("#")[1]))


def retuned(cents, played={33: (0, 3), 40: (0, 5), 44: (1, 5), 47: (0, 4)}):
    """Notes that sound so many cents higher, as of a wave that is played faster."""
    time = np.arange(60000) / 12000
    wave = 0.002 * random.standard_normal(60000)
    for key, (begin, last) in played.items():
        wave += sawtooth(key + cents / 100, time, 12000) * (time >= begin) * (time < last)
    return wave.astype("<f4")


plain = heard(retuned(0))[0] > 0
for cents in (30, -45, 16):
    tuning = float(facts_of(npy(retuned(cents))).get("tuning", 440))
    tap.ok(abs(1200 * np.log2(tuning / 440) - cents) <= 3, f"a tuning of {cents} cents is found", tuning)
    other = ((heard(retuned(cents))[0] > 0) != plain).mean()
    tap.ok(other < 0.003, "... and the keys are those of 440 Hz", other)
for cents in (0, 6, -6):
    tap.ok("tuning" not in facts_of(npy(retuned(cents))), f"{cents} cents are 440 Hz")
wave = retuned(30)
got = heard(wave, "-a", "bands", "-t", "0", "--tuning", "447.69")[0]
want = analyse(wave, 12000 * 440 / 447.69, width="0.25st", threshold=0)
tap.ok(same(got, want, 1e-6), "--tuning: the formula")
tap.ok(facts_of(npy(wave), "--tuning", "447.69")["tuning"] == "447.69" and
       "tuning" not in facts_of(record(wave, "tuning=431"), "--tuning", "440"), "fact tuning")
tap.ok("tuning" not in facts_of(npy(wave), "-a", "published") and same(heard(wave, "-a", "published")[0], analyse(wave)),
       "published: 440 Hz")
for name, wave in ("noise", random.standard_normal(60000)), ("silence", np.zeros(60000)), ("a sample", np.ones(1)):
    tap.ok("tuning" not in facts_of(npy(wave.astype("<f4"))), f"{name} has no tuning")

# Memory: it does not grow with the number of records, and a long wave takes little more than its transform.
sanitised = b"__asan_init" in open(os.path.join(os.environ["PATH"].split(":")[0], "chunks-to-keys"), "rb").read()


def within(megabytes, *arguments):
    limit = "" if sanitised else f"ulimit -d {1024 * megabytes}; "
    return subprocess.run(["bash", "-c", limit + 'chunks-to-keys "$@"', "bash", *arguments], capture_output=True)


with open("many", "wb") as file:
    chunk = tones(240000, 12000, []).reshape(2, 2, 120000)
    for _ in range(30):
        file.write(npy(chunk))
got = within(16, "many")
tap.ok(got.returncode == 0 and not got.stderr, "thirty pairs within 16 MB", got.stderr)
wave = notes(1440000, 12000, {40: (0, 60), 47: (60, 120)})
with open("long", "wb") as file:
    file.write(npy(np.stack([wave, wave[::-1]])))
for analysis in ("harmonic", "bands"):
    got = within(60, "-a", analysis, "long")
    tap.ok(got.returncode == 0 and not got.stderr, f"{analysis}: two sides of two minutes within 60 MB", got.stderr)
got = (heard(wave, "-a", "harmonic")[0] > 0).reshape(33, 2, 3000).mean(2)
tap.ok(got[13, 0] > 0.99 and got[20, 1] > 0.99 and got.sum() < 2.01, "harmonic: the notes of two minutes", got)
wave = tones(1440000, 12000, [41])[0]
got, want = keys(wave, "-k", "40-42")[0], analyse(wave, 12000, 240, "0.25st", range(40, 43), 0.2)
tap.ok(same(got, want), "the formula of a wave of two minutes")


# What it refuses.
def refused(name, data, wanted, *options, status=1):
    tap.refused(name, data, wanted, ("chunks-to-keys", *options), status)


bad = pair.copy()
bad[1, 0, 7] = np.nan
whole = record(pair, "kind=pair") + end(1)
refused("NaN", npy(bad), "record 1 at byte 0: value 2408 is nan")
refused("NaN in the second record", npy(pair) + npy(bad), "record 2", "--relative-to", "stream")
refused("keys", record(pair, "kind=keys") + end(1), "kind=keys, not wave|chunk|pair")
refused("a cut record", whole[:3000], "cut short")
refused("no end record", record(pair, "kind=pair"), "end record is missing", "--relative-to", "stream")
refused("nothing", b"", "empty")
refused("no dimension", npy(np.float32(1)), "shape ()")
refused("no samples", npy(np.zeros((2, 0), "<f4")), "shape (2, 0)")
refused("no room for a dimension", npy(np.zeros((1, 1, 1, 1, 1, 1, 1, 5), "<f4")), "shape (1, 1, 1, 1, 1, 1, 1, 5)")
refused("a key above half of the rate", record(pair, "kind=pair rate=8000") + end(1), "key 88, 4186 Hz", "-k", "80-88")
refused("no rate", record(pair, "kind=pair rate=0") + end(1), "rate=0")
refused("a frame without a sample", npy(pair), "no sample", "-i", "0.0001", "-r", "2000")
for option, value in [("-k", "59-27"), ("-k", "0-5"), ("-k", "27"), ("-w", "12.5"), ("-w", "0st"), ("-w", "xHz"),
                      ("-t", "1.5"), ("-t", "nan"), ("--tuning", "399"), ("--tuning", "a"), ("-i", "0"), ("-r", "-1"), ("--relative-to", "song")]:
    refused(f"usage: {option} {value}", npy(pair), value, option, value, status=2)
for option in ("-a", "bands"), ("-a", "published"), ("-w", "12.5Hz"):
    refused(f"usage: --drums {' '.join(option)}", npy(pair), "--drums goes with the harmonic analysis", "--drums", *option,
            status=2)
refused("usage: --tuning -a published", npy(pair), "--tuning goes with", "--tuning", "442", "-a", "published", status=2)
refused("a key above half of the rate by its tuning", record(pair, "rate=8400") + end(1), "key 88", "-k", "80-88", "--tuning",
        "460")
refused("usage: two files", b"", "b", "a", "b", status=2)
refused("no such file", b"", "nowhere", "nowhere")

with open("/dev/full", "wb") as full:
    got = subprocess.run(["chunks-to-keys"], input=whole, stdout=full, stderr=subprocess.PIPE)
tap.ok(got.returncode == 1 and got.stderr.count(b"\n") == 1, "a full disk", got.stderr)
got = subprocess.run("chunks-to-keys many | head -c 100 | wc -c; echo ${PIPESTATUS[0]}", shell=True,
                     executable="/bin/bash", capture_output=True)
tap.ok(got.stdout.split() == [b"100", b"141"] and not got.stderr, "a closed pipe ends it silently", got)
got = subprocess.run(["chunks-to-keys", "--relative-to", "stream"], input=whole, capture_output=True,
                     env={**os.environ, "TMPDIR": "/nowhere"})
tap.ok(got.returncode == 1 and got.stderr.count(b"\n") == 1 and not got.stdout, "no room for a temporary file")
tap.done()
PYTHON
