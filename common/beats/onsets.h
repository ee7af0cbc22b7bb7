/* Onset strength of the lines of a score: how its loudness rises from step to step. */
#ifndef COMMON_BEATS_ONSETS_H
#define COMMON_BEATS_ONSETS_H

#include <stddef.h>

/* How many frames of `interval` s are joined to a step of at least 0.01 s. */
size_t onsets_joined(double interval);

/* Adds to strength (count), step by step, each rise of the root of the loudness in line (count * joined). */
void onsets_add(float *strength, size_t count, const float *line, size_t joined);

/* Subtracts the mean. */
void onsets_centre(float *strength, size_t count);

/* The kernel 1/4 1/2 1/4, `turns` times: an onset that lies between two steps appears in both. */
void onsets_smooth(float *strength, size_t count, int turns);

/* The period, in steps, within two per cent of `period`, at whose frequency and first multiples of it the
 * Fourier sums of strength (count, mean 0) have the largest power (P. Grosche, M. Mueller, "Extracting
 * predominant local pulse information from music recordings", IEEE Transactions on Audio, Speech and Language
 * Processing 19, 2011). Time grows with the square of count. */
double onsets_period_near(const float *strength, size_t count, double period);

#endif
