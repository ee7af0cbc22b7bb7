/* Comparison of generated with real music: how similar the distributions of their features are, and how far
 * generated records are from the training set. keys-compare(1) has the formulas. */
#ifndef COMMON_METRICS_COMPARISON_H
#define COMMON_METRICS_COMPARISON_H

#include "common/metrics/feature-set.h"

/* Rows of the result that each of the two sets has. */
enum set_row {
    SET_NOVELTY,   /* median of 1 - the cosine with the nearest record of the training set */
    SET_NOVELTY_5, /* the 5 per cent quantile of the same */
    SET_DIVERSITY, /* median of 1 - the cosine of two records of the set */
    SET_UNDEFINED, /* share of records with a feature that is not defined */
    SET_RECORDS,
    SET_ROWS
};

/* Rows of the result: OA, FD, the rows of both sets, the overlap of each feature. */
enum {
    ROW_OA,
    ROW_FD,
    ROW_GENERATED,
    ROW_REAL = ROW_GENERATED + SET_ROWS,
    ROW_OVERLAP = ROW_REAL + SET_ROWS
};
enum { COMPARISON_ROWS = ROW_OVERLAP + FEATURES };

/* "OA", "FD", "novelty" … "novelty-real" … "OA-UPC" … */
const char *comparison_row_name(size_t row, char *name, size_t size);

/* The sets are not copied. `training` may be NULL: then novelty is NaN, and FD scales features by the
 * deviations in `real` instead of the training set. */
struct comparison;
struct comparison *comparison_new_or_die(const struct feature_set *real, const struct feature_set *generated,
                                         const struct feature_set *training);
void comparison_free(struct comparison *comparison);

/* value (COMPARISON_ROWS), record i of each set counting weight[i] times, a whole number. */
void comparison_measure_or_die(double *value, const struct comparison *comparison, const float *real_weight,
                               const float *generated_weight);

#endif
