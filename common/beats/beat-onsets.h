/* Onset strength of a score, as beats are found in it, and how regular it is. */
#ifndef COMMON_BEATS_BEAT_ONSETS_H
#define COMMON_BEATS_BEAT_ONSETS_H

#include "common/keys/score.h"

struct beat_onsets {
    float *row; /* (rows, count): of the louder channel, smoothed */
    size_t rows, count;
    double step;     /* s */
    float *strength; /* (count): the sum of the rows less its mean */
};

/* Caller frees with beat_onsets_free. */
struct beat_onsets beat_onsets_or_die(const struct score *score);
void beat_onsets_free(struct beat_onsets *onsets);

/* correlation (lags): the mean autocorrelation, summed over the rows, of the steps first ... first + count -
 * 1, each row less its mean there; 1 at lag 0 unless nothing begins there. lags is at most count. */
void beat_correlate(double *correlation, size_t lags, const struct beat_onsets *onsets, size_t first,
                    size_t count);

/* The mean correlation at 1 to `most` times the period, in steps, as far as there are lags; bars and phrases
 * count more. 0 where there are none. */
double beat_regularity(const double *correlation, size_t lags, double period, int most);

#endif
