/* The period with which music repeats, by autocorrelation of its onsets. */
#ifndef KERNELS_MODEL_SAMPLING_SONG_PERIOD_H
#define KERNELS_MODEL_SAMPLING_SONG_PERIOD_H

#include <stddef.h>

/* keys (lines, frames): loudnesses, a line for each key and channel; `interval` is the length of a frame in
 * seconds. Frames, 0 where nothing repeats.
 *
 * The strength of the onsets in a frame is the sum over all lines by which the root of the loudness rises
 * (spectral flux), less its mean and smoothed over three frames. The period is the lag from 0.8 s to half of
 * the music where the unbiased autocorrelation of that, divided by its value at lag 0, is largest; a
 * parabola through it and its neighbours gives the fraction of a frame. Music whose largest value is below
 * 0.25, as that of noise and of 3 in 100 stretches of songs, does not repeat. */
double song_period(const float *keys, size_t lines, size_t frames, double interval);

#endif
