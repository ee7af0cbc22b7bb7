/* Distances between records: 1 - the cosine of the angle between their sketches (feature-set.h), 0 for
 * copies. */
#ifndef COMMON_METRICS_DISTANCE_H
#define COMMON_METRICS_DISTANCE_H

#include "common/metrics/feature-set.h"

/* Distances in ascending order. Silent records have no sketch, and no distances. */
struct distances {
    size_t count;
    struct distance *distance;
    double *value; /* (count) */
};

/* From each record of the set to the nearest record of the training set; NULL: no distances. */
struct distances distances_nearest_or_die(const struct feature_set *set, const struct feature_set *training);

/* Between any two records of the set. */
struct distances distances_pairs_or_die(const struct feature_set *set);

void distances_free(struct distances *distances);

/* values (shares): the quantiles of the distances at share (shares), with record i weight[i] times in the
 * set, a whole number; copies of a record are not compared with each other. NaN without distances. */
void distances_quantiles_or_die(double *values, const double *share, size_t shares,
                                const struct distances *distances, const float *weight);

#endif
