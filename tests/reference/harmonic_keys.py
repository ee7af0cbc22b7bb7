"""The harmonic analysis of chunks-to-keys as its man page says it: full-rate bands, full matrices, float64."""
import numpy as np
from published_keys import frequency

BANDS = np.arange(-2, 95)
NOTES = np.arange(1, 89)


def quick_size(least):
    """The next 4, 5, 6 or 7 times a power of two."""
    power = 1
    while 8 * power <= least:
        power *= 2
    return -(-least // power) * power


def sigma(bands, semitones=0.3):
    return frequency(bands) * (2 ** (semitones / 12) - 1)


def wide_sigma(bands):
    return np.maximum(4 * sigma(bands), 8)


def loudness(wave, rate, interval, width):
    """(bands, frames): the RMS of each band's envelope at four instants an interval."""
    frames = -(-len(wave) // interval)
    padded = np.zeros(quick_size(frames) * interval)
    padded[: len(wave)] = wave
    spectrum = np.fft.fft(padded)
    spectrum[len(padded) // 2 + 1:] = 0
    frequencies = np.arange(len(padded)) * rate / len(padded)
    rows = []
    for band in BANDS:
        mask = 2 * np.exp(-0.5 * ((frequencies - frequency(band)) / width(band)) ** 2)
        envelope = np.fft.ifft(spectrum * mask)[:: interval // 4] if frequency(band) <= rate / 2 else np.zeros(4 * frames)
        rows.append(np.sqrt(np.mean(abs(envelope[: 4 * frames].reshape(frames, 4)) ** 2 / 2, 1)))
    return np.array(rows)


def running_median(values, window):
    """Of the last dimension, its ends going on."""
    padded = np.pad(values, [(0, 0)] * (values.ndim - 1) + [(window // 2,) * 2], "edge")
    return np.median(np.lib.stride_tricks.sliding_window_view(padded, window, -1), -1)


def templates(partials=10):
    """(bands, notes and atoms), small entries left out."""
    h = np.arange(1, partials + 1)
    heard = np.exp(-0.5 * ((h * frequency(NOTES)[:, None] - frequency(BANDS)[:, None, None]) /
                           sigma(BANDS)[:, None, None]) ** 2) / h
    notes = np.sqrt(np.sum(heard ** 2, -1)) ** 0.6
    atoms = np.exp(-0.5 * ((BANDS[:, None] + 2 - 6 * np.arange(17)) / 6) ** 2)
    w = np.concatenate([notes, atoms], 1)
    return np.where(w < 1e-4, 0, w)


def whiten(v):
    """(waves, bands, frames): each band by its RMS in all of them; compressed."""
    e = np.sqrt(np.sum(v ** 2, (0, 2)))
    e = np.log(np.maximum(e, 1e-4 * e.max()))
    smooth = np.exp([e[max(0, j - 6): j + 7].mean() for j in range(len(e))])
    v = v * ((smooth / smooth.max()) ** -0.3)[None, :, None]
    return (v / v.max()) ** 0.6


def sharpen(h):
    loudest = h[:88].max(0)
    h[:88] = np.where(loudest > 0, h[:88] ** 2 / np.where(loudest > 0, loudest, 1), 0)


def shares(v, w):
    """(notes, frames): how much of what each note's band hears is its own."""
    h = 0.3 * w.T @ v / np.sum(w ** 2, 0)[:, None]
    for updates, then in ((3, sharpen), (3, sharpen), (4, None)):
        for _ in range(updates):
            z = w @ h + 1e-7
            h *= ((w.T @ (v * z ** -1.5)) / (w.T @ z ** -0.5)) ** (2 / 3)
        if then:
            then(h)
    own = np.array([w[key + 2, key - 1] for key in NOTES])
    return np.minimum(1, own[:, None] * h[:88] / (w @ h + 1e-7)[NOTES + 2])


def ahead(values):
    """The median of nine around the next."""
    smooth = running_median(values, 9)
    return np.concatenate([smooth[:, 1:], smooth[:, -1:]], 1)


def are_notes(own, threshold, steepest=0.3):
    """Runs of what is at least half of the threshold and 0.3 of its neighbours, that reach the threshold."""
    near = np.pad(own, [(0, 0)] * (own.ndim - 1) + [(4, 4)])
    near = np.lib.stride_tricks.sliding_window_view(near, 9, -1).max(-1)
    lasts = (own >= threshold / 2) & (own >= steepest * near)
    for row, loud in zip(lasts.reshape(-1, own.shape[-1]), own.reshape(-1, own.shape[-1])):
        edges = np.flatnonzero(np.diff(np.concatenate([[0], row, [0]]))).reshape(-1, 2)
        for begin, end in edges:
            row[begin:end] = loud[begin:end].max() >= threshold
    return lasts


def analyse(waves, rate=12000, interval=240, keys=range(27, 60), threshold=0):
    """(..., keys, frames) of waves (..., samples)."""
    flat = waves.reshape(-1, waves.shape[-1]).astype(float)
    b = np.array([np.minimum(*(loudness(wave, rate, interval, width) for width in (sigma, wide_sigma))) for wave in flat])
    tone = running_median(b, 11) ** 2
    noise = running_median(b.transpose(0, 2, 1), 15).transpose(0, 2, 1) ** 2
    v = whiten(b * tone / np.maximum(tone + 0.3 * noise, 1e-300))
    power = np.sum(b ** 2, (0, 2))
    w = templates(1 if power[62 + 3:].sum() < 3e-4 * power[27 + 2: 59 + 3].sum() else 10)
    share = np.array([shares(seen, w) for seen in v])[:, np.array(keys) - 1]
    heard = b[:, np.array(keys) + 2]
    own = np.array([ahead(bands) for bands in heard * share])
    out = np.array([ahead(bands) for bands in heard * share ** 0.25])
    if threshold:
        out = np.where(are_notes(own / own.max(), threshold), out, 0)
    return out.reshape(waves.shape[:-1] + out[0].shape)


def opening(values, window):
    """The largest, of the runs of so many frames that contain a frame, of their least values."""
    padded = np.pad(values, ((0, 0), (0, window - 1)), "edge")
    least = np.lib.stride_tricks.sliding_window_view(padded, window, -1).min(-1)
    before = np.pad(least, ((0, 0), (window - 1, 0)), constant_values=0)
    return np.lib.stride_tricks.sliding_window_view(before, window, -1).max(-1)


def powers(wave, rate, interval):
    """(rows, frames): the power of each bin of two frames about a frame, from 3000 Hz on of two bins."""
    frames, length = -(-len(wave) // interval), 2 * interval
    padded = np.zeros((frames + 2) * interval)
    padded[interval // 2: interval // 2 + len(wave)] = wave
    window = np.sin(np.pi * np.arange(length) / length) ** 2
    spectra = np.fft.rfft([window * padded[t * interval:][:length] for t in range(frames)]).T
    power = 2 * abs(spectra) ** 2 / (length * np.sum(window ** 2))
    power[[0, -1]] /= 2
    high = min(int(np.ceil(3000 * length / rate)), length // 2 + 1)
    pairs = np.pad(power[high:], ((0, (len(power) - high) % 2), (0, 0)))
    return np.concatenate([power[:high], pairs[::2] + pairs[1::2]])


def drums(waves, rate=12000, interval=240, thresholded=True):
    """(..., 3, frames) of waves (..., samples)."""
    flat = waves.reshape(-1, waves.shape[-1]).astype(float)
    begin = [min(int(np.ceil(hertz * 2 * interval / rate)), interval + 1) for hertz in (0, 130, 3000)]
    loud, own, mean = [], [], 0
    for wave in flat:
        a = powers(wave, rate, interval)
        rows = np.arange(len(a))
        bands = [(rows >= first) & (rows < last) for first, last in zip(begin, begin[1:] + [len(a)])]
        h = np.maximum(running_median(a, 11), opening(a, 5))
        p = running_median(a.T, 15).T
        mask = np.where(bands[0][:, None], 1, p ** 2 / np.maximum(p ** 2 + h ** 2, 1e-300))
        loud.append([np.sqrt((mask * np.maximum(a - 2 * h, 0))[band].sum(0)) for band in bands])
        own.append([np.sqrt((mask * np.maximum(a - 4 * h, 0))[band].sum(0)) for band in bands])
        mean += np.array([a[band].mean(1).sum() for band in bands]) / len(flat)
    loud, own = np.array(loud), np.array(own)
    for d, (share, of_rms) in enumerate(((0.2, 0.4), (0.2, 0.1), (0.1, 0.3))):
        if thresholded:
            least = max(share * own[:, d].max(), of_rms * np.sqrt(mean[d]))
            loud[:, d] *= are_notes(own[:, d], least, 0)
    loud = np.concatenate([loud[..., 1:], loud[..., -1:]], -1)
    return loud.reshape(waves.shape[:-1] + loud.shape[1:])
