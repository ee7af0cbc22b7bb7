/* How far a number that was computed from samples may be off: Efron's bootstrap. */
#ifndef COMMON_METRICS_BOOTSTRAP_H
#define COMMON_METRICS_BOOTSTRAP_H

#include <stddef.h>

#include "common/random.h"

/* weight (count): how often each of count values comes when count are drawn with repeats. */
void bootstrap_draw(float *weight, size_t count, struct random_key key);

struct confidence_interval {
    double low, high;
};

/* The middle 95 per cent of what the resamples gave (count; they are sorted), moved so that their median is
 * `value`: repeats make a distribution more uneven than it is, which shifts distances and overlaps. NaN where
 * any of them is, or without resamples. */
struct confidence_interval bootstrap_confidence_interval(double value, double *resampled, size_t count);

/* The value at share 0 … 1 of the way through `sorted` (count), value i standing there weight[i] times, a
 * whole number; between two values on the line from one to the other. NaN where all weights are 0. */
double weighted_quantile(double share, const double *sorted, const float *weight, size_t count);

#endif
