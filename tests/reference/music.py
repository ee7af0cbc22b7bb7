"""The ten features of keys-stats(1) and the numbers of keys-compare(1), written a second time, with NumPy; and, run
as a program, what MusPy and SciPy say of the same things, beside this file: music.json, music.tensors."""
import json
import math
import pathlib

import numpy as np

NAMES = "UPC POLY NPS QN NL PCE SC PULSE TD LR".split()
MAJOR = [0, 2, 4, 5, 7, 9, 11]


def runs(row):
    """Lengths of the runs of ones."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], row, [0]])))
    return edges[1::2] - edges[::2]


def classes(roll, first):
    """(12, frames): how many keys of each pitch class sound; key 40 is a C."""
    chroma = np.zeros((12, roll.shape[1]))
    for k, row in enumerate(roll):
        chroma[(first + k - 40) % 12] += row
    return chroma


def centroid(weights):
    """Harte's: the pitch classes as unit vectors on three circles, as complex numbers."""
    turns = np.exp(1j * np.outer([7 / 12, 9 / 12, 4 / 12], np.arange(12)) * 2 * np.pi)
    return (turns @ weights) * [1, 1, 0.5] / weights.sum()


def pulse(roll):
    onsets = np.sum((roll == 1) & (np.pad(roll, ((0, 0), (1, 0)))[:, :-1] == 0), 0)
    curve = np.convolve(onsets, [1, 1, 1], "same")
    curve = curve - curve.mean()
    lags = [lag for lag in range(10, 101) if lag <= len(curve) // 2]
    if not curve.any() or not lags:
        return math.nan
    return max(np.mean(curve[:-lag] * curve[lag:]) for lag in lags) / np.var(curve)


def features(keys, first=27):
    """The ten features of keys (2, keys, frames), frames of 20 ms."""
    keys = np.asarray(keys, float)
    roll = (keys.mean(0) > 0.1 * keys.max()).astype(int)
    frames = roll.shape[1]
    chroma = classes(roll, first)
    lengths = np.concatenate([runs(row) for row in roll])
    bars = [chroma[:, i:i + 100] for i in range(0, frames - 99, 100)] or [chroma]
    upc = np.mean([(bar.sum(1) > 0).sum() for bar in bars])
    lr = np.corrcoef(keys.reshape(2, -1))[0, 1] if keys[0].std() > 0 and keys[1].std() > 0 else 0
    if not roll.any():
        return np.array([upc, math.nan, 0] + [math.nan] * 6 + [lr])
    histogram = chroma.sum(1) / chroma.sum()
    points = [centroid(w) for w in (chroma[:, i:i + 25].sum(1) for i in range(0, frames - 24, 25)) if w.any()]
    steps = [np.linalg.norm(b - a) for a, b in zip(points, points[1:])]
    return np.array([
        upc, roll.sum() / (roll.sum(0) > 0).sum(), len(lengths) / (frames * 0.02), np.mean(lengths >= 3),
        math.log(lengths.mean() * 0.02), -sum(p * math.log2(p) for p in histogram if p),
        max(np.roll(histogram, -tonic)[MAJOR].sum() for tonic in range(12)), pulse(roll),
        np.mean(steps) if steps else math.nan, lr])


def piece(seed, frames=500, empty=False):
    """Keys (2, 33, frames) that are something like music."""
    random = np.random.RandomState(seed)
    keys = np.zeros((2, 33, frames))
    for start in range(0, 0 if empty else frames, 12 + 5 * (seed % 4)):
        for _ in range(random.randint(0, 4)):
            key, length = random.randint(0, 33), random.randint(1, 60)
            sides = random.rand(2, 1) * random.rand()
            keys[:, key, start:start + length] = sides * np.exp(-np.arange(length) / 30)[:frames - start]
    return keys.astype("<f4")


def overlap(a, b):
    """Of two Gaussian kernel densities, Scott's bandwidth, 400 points over both ranges, each of sum 1 there; values
    that are not defined (NaN) make a share of their own."""
    x, y = a[np.isfinite(a)], b[np.isfinite(b)]
    shares = len(x) / len(a), len(y) / len(b)
    apart = min(1 - shares[0], 1 - shares[1])
    if not len(x) or not len(y):
        return apart
    low, high = min(x.min(), y.min()), max(x.max(), y.max())
    if low == high:
        return min(shares) + apart
    points = np.linspace(low, high, 400)

    def density(values):
        width = values.std(ddof=1) * len(values) ** -0.2 if len(values) > 1 else 0
        width = max(width, (high - low) / 399)
        heights = np.exp(-((points[:, None] - values) / width) ** 2 / 2).sum(1)
        return heights / heights.sum()

    return np.minimum(shares[0] * density(x), shares[1] * density(y)).sum() + apart


def frechet(a, b, scale):
    """Of rows a and b; divided by the standard deviations of `scale`. The eigenvalues of the product of the
    covariances, which is not symmetric, stand for the root that keys-compare takes of a symmetric matrix."""
    a, b, scale = (x[np.isfinite(x).all(1)] for x in (a, b, scale))
    deviation = scale.std(0, ddof=1)
    deviation[deviation == 0] = 1
    a, b = a / deviation, b / deviation
    c, d = np.cov(a.T), np.cov(b.T)
    values = np.linalg.eigvals(c @ d).real
    return ((a.mean(0) - b.mean(0)) ** 2).sum() + np.trace(c + d) - 2 * np.sqrt(np.maximum(values, 0)).sum()


def pooled(keys):
    """Rows of length 1: loudness, mean of the channels, mean over fiftieths of the record; None for silence."""
    mean = np.asarray(keys, float).mean(0)
    row = np.concatenate([[part.mean() for part in np.array_split(line, 50)] for line in mean])
    return row / np.linalg.norm(row) if row.any() else None


def gaussians(seed, count, shift=0):
    """Rows (count, 10) with correlations, for the Fréchet distance."""
    random = np.random.RandomState(seed)
    return random.randn(count, 10) @ random.randn(10, 10) + shift


def muspy_features():
    """What MusPy says of rolls of which each cell is a note."""
    import muspy

    found = {}
    for seed in range(8):
        keys = piece(seed)
        roll = keys.astype(float).mean(0) > 0.1 * keys.max()
        notes = [muspy.Note(time=int(t), pitch=int(k) + 47, duration=1, velocity=64) for k, t in zip(*np.nonzero(roll))]
        music = muspy.Music(resolution=4, tracks=[muspy.Track(notes=notes)])
        scales = [muspy.pitch_in_scale_rate(music, tonic, "major") for tonic in range(12)]
        found[seed] = {"POLY": muspy.polyphony(music), "PCE": muspy.pitch_class_entropy(music), "SC": max(scales)}
    return found


def scipy_numbers(a, b):
    """The Fréchet distance, and the overlap of the densities of the first column."""
    import scipy.linalg
    import scipy.stats

    c, d = np.cov(a.T), np.cov(b.T)
    distance = ((a.mean(0) - b.mean(0)) ** 2).sum() + np.trace(c + d - 2 * scipy.linalg.sqrtm(c @ d).real)
    points = np.linspace(min(a[:, 0].min(), b[:, 0].min()), max(a[:, 0].max(), b[:, 0].max()), 400)
    heights = [scipy.stats.gaussian_kde(x[:, 0], "scott")(points) for x in (a, b)]
    return np.array([distance, np.minimum(*(h / h.sum() for h in heights)).sum()])


if __name__ == "__main__":
    path = pathlib.Path(__file__).resolve()
    path.with_suffix(".json").write_text(json.dumps(muspy_features(), indent=1) + "\n")
    with open(path.with_suffix(".tensors"), "wb") as file:
        for seed, shift in enumerate([0, 0.5, 3, 100]):
            a, b = gaussians(2 * seed, 60), gaussians(2 * seed + 1, 80, shift)
            for array in (a, b, scipy_numbers(a, b)):
                np.save(file, array)
