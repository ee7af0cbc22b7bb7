/* The bootstrap (Efron 1979): confidence intervals of numbers that are computed from samples. */
#ifndef COMMON_METRICS_BOOTSTRAP_H
#define COMMON_METRICS_BOOTSTRAP_H

#include <stddef.h>

#include "common/random.h"

/* weight (count): how often each of count values comes when count values are drawn with replacement. */
void bootstrap_draw(float *weight, size_t count, struct random_key key);

struct confidence_interval {
    double low, high;
};

/* The 95 per cent confidence interval of `value` from the values that resamples gave (count; sorts them):
 * their middle 95 per cent, shifted so that their median is `value`. The shift corrects a bias: a resample,
 * which has duplicates, is less even than the sample, which enlarges distances and lessens overlaps. NaN
 * where any of the values is, or without resamples. */
struct confidence_interval bootstrap_confidence_interval(double value, double *resampled, size_t count);

/* The quantile at `share`, 0 … 1, of `sorted` (count), in which value i stands weight[i] times, a whole
 * number; linear between values. NaN where all weights are 0. */
double weighted_quantile(double share, const double *sorted, const float *weight, size_t count);

#endif
