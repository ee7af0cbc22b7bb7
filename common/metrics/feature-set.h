/* A set of records of keys as music: the features of each, and a sketch of it by which records are told
 * apart. */
#ifndef COMMON_METRICS_FEATURE_SET_H
#define COMMON_METRICS_FEATURE_SET_H

#include "common/metrics/features.h"

struct feature_set {
    size_t count;     /* parts of records */
    double *features; /* (count, FEATURES) */
    bool *whole;      /* (count): all features are defined */
    size_t cells;     /* of a sketch */
    float *sketch;    /* (count, cells): loudness, the mean of the channels and of fiftieths of the time; of
                         length 1, or NaN for silence */
};

/* Reads a stream, and lifts each record off the floor, where that is above 0 (common/level.h). The first
 * record sets the keys, frames and interval of all, in `shape`, which holds what records state that do not
 * state theirs; shape->frames 0: not yet set. Dies when there are fewer than two.
 */
struct feature_set feature_set_read_or_die(const char *path, float floor, struct score *shape);

/* A set of `count` records of that shape, each put into its place once, by any thread. */
struct feature_set feature_set_new_or_die(size_t count, const struct score *shape);
void feature_set_put_or_die(struct feature_set *set, size_t i, const struct score *score, size_t part);
void feature_set_free(struct feature_set *set);

/* The mean distance, 1 - their cosine, of two records that are not silent. */
double feature_set_mean_distance(const struct feature_set *set);

/* The cosine of the angle between sketch i of a and sketch j of b: 1 for copies; NaN when either is silent.
 */
double feature_set_cosine(const struct feature_set *a, size_t i, const struct feature_set *b, size_t j);

#endif
