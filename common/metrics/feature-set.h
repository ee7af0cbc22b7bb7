/* A set of keys records: the features of each, and a sketch, which is a coarse picture of its loudness that
 * distances between records are computed from. */
#ifndef COMMON_METRICS_FEATURE_SET_H
#define COMMON_METRICS_FEATURE_SET_H

#include "common/metrics/features.h"

/* Sketch: loudness, averaged over the channels and over fiftieths of the time, scaled to Euclidean norm 1;
 * NaN for silence. */
struct feature_set {
    size_t count;     /* records; each part of a score counts as one */
    double *features; /* (count, FEATURES) */
    bool *complete;   /* (count): all features are defined */
    size_t cells;     /* of a sketch */
    float *sketch;    /* (count, cells): see above */
};

/* Reads a stream, and subtracts the floor from each record (level_subtract_floor). `shape` holds the facts of
 * records that do not state them; with shape->frames 0 the first record sets the keys, frames and interval
 * that all must have. Calls `visit`, unless NULL, with each record. Dies when there are fewer than two
 * records. */
typedef void record_visitor(void *context, const struct score *score, const struct record *record);
struct feature_set feature_set_read_or_die(const char *path, float floor, struct score *shape,
                                           record_visitor *visit, void *context);

/* A set of `count` records of that shape, empty. feature_set_put_or_die fills in each record once, in any
 * thread. */
struct feature_set feature_set_new_or_die(size_t count, const struct score *shape);
void feature_set_put_or_die(struct feature_set *set, size_t i, const struct score *score, size_t part);
void feature_set_free(struct feature_set *set);

/* The mean of 1 - the cosine over all pairs of records that are not silent. */
double feature_set_mean_distance(const struct feature_set *set);

/* The cosine of the angle between sketch i of a and sketch j of b: 1 for copies; NaN if either is silent. */
double feature_set_cosine(const struct feature_set *a, size_t i, const struct feature_set *b, size_t j);

#endif
