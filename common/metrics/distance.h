/* How far apart the records of sets are: 1 - the cosine of the angle between their sketches, 0 for copies. */
#ifndef COMMON_METRICS_DISTANCE_H
#define COMMON_METRICS_DISTANCE_H

#include "common/metrics/feature-set.h"

/* Distances in ascending order. Silent records are as far from others as they are near, and have none. */
struct distances {
    size_t count;
    struct distance *distance;
    double *value; /* (count) */
};

/* From each record of the set to the nearest one of another; without another there are none. */
struct distances distances_nearest_or_die(const struct feature_set *set, const struct feature_set *other);

/* Between any two records of the set. */
struct distances distances_pairs_or_die(const struct feature_set *set);

void distances_free(struct distances *distances);

/* share (count) of the way through the distances, record i standing in the set weight[i] times (a whole
 * number; its copies are not compared with one another). NaN where there are none. values (shares) */
void distances_quantiles_or_die(double *values, const double *share, size_t shares,
                                const struct distances *distances, const float *weight);

#endif
