"""The published formulas between waves and keys as NumPy says them: one full-length inverse transform a key, and
sines that begin again in each interval. Tests hold the filters against them, benchmarks time them."""
import sys
import time

import numpy as np


def frequency(key):
    return 440 * 2 ** ((key - 49) / 12)


def loudness(wave, rate, interval, width, keys):
    """(keys, frames) of wave (samples); interval in samples; width(key) in hertz."""
    frames = -(-len(wave) // interval)
    padded = np.zeros(frames * interval)
    padded[: len(wave)] = wave
    spectrum = np.fft.rfft(padded)
    frequencies = np.fft.rfftfreq(len(padded), 1 / rate)
    rows = []
    for key in keys:
        mask = np.exp(-0.5 * ((frequencies - frequency(key)) / width(key)) ** 2)
        band = np.fft.irfft(spectrum * mask, len(padded))
        rows.append(np.sqrt(np.mean(band.reshape(frames, interval) ** 2, axis=1)))
    return np.array(rows)


def width_of(text):
    """12.5Hz: so wide for every key; 0.25st: the distance from a key to this much above it."""
    value = float(text[:-2])
    return (lambda key: frequency(key) * (2 ** (value / 12) - 1)) if text.endswith("st") else lambda key: value


def analyse(waves, rate=12000, interval=240, width="12.5Hz", keys=range(27, 60), threshold=0.025):
    """(..., keys, frames) of waves (..., samples), below threshold times the largest 0."""
    flat = waves.reshape(-1, waves.shape[-1])
    out = np.array([loudness(wave, rate, interval, width_of(width), keys) for wave in flat])
    out[out < threshold * out.max()] = 0
    return out.reshape(waves.shape[:-1] + out.shape[1:])


def synthesise(keys, rate=12000, interval=240, first=27):
    """(..., frames * interval) of keys (..., keys, frames)."""
    instants = np.arange(interval) / rate
    sines = np.sin(2 * np.pi * np.outer(frequency(first + np.arange(keys.shape[-2])), instants))
    waves = np.sqrt(2) * np.einsum("...kt,ki->...ti", keys, sines)
    return waves.reshape(keys.shape[:-2] + (-1,))


if __name__ == "__main__":
    # For the benchmark: the seconds that a .npy on standard input takes.
    waves = np.load(sys.stdin.buffer)
    start = time.perf_counter()
    analyse(waves)
    print(time.perf_counter() - start)
