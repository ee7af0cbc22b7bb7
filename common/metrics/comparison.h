/* Numbers for how near generated music comes to real music, and how far it stays from the training set.
 * keys-compare(1) has the formulas. */
#ifndef COMMON_COMPARISON_H
#define COMMON_COMPARISON_H

#include "common/metrics/feature-set.h"

/* The numbers of one set beside the other's features. */
enum own {
    OWN_NOVELTY,   /* 1 - the cosine with the nearest record of the training set: the median … */
    OWN_NOVELTY_5, /* … and the value that 5 per cent are below */
    OWN_DIVERSITY, /* 1 - the cosine with another record of the set, the median */
    OWN_UNDEFINED, /* share of records with a feature that is not defined */
    OWN_RECORDS,
    OWNS
};

enum { ROW_OA, ROW_FD, ROW_GENERATED, ROW_REAL = ROW_GENERATED + OWNS, ROW_OVERLAP = ROW_REAL + OWNS };
enum { ROWS = ROW_OVERLAP + FEATURES };

/* "OA", "FD", "novelty" … "novelty-real" … "OA-UPC" … */
const char *comparison_row_name(size_t row, char *name, size_t size);

/* The sets are not copied; training may be NULL, then novelty is NaN and REAL scales the features of FD. */
struct comparison;
struct comparison *comparison_new_or_die(const struct keys_set *real, const struct keys_set *generated,
                                         const struct keys_set *training);
void comparison_free(struct comparison *comparison);

/* value (ROWS), record i of each set counting weight[i] times, a whole number. */
void comparison_measure_or_die(double *value, const struct comparison *comparison, const float *real_weight,
                               const float *generated_weight);

#endif
