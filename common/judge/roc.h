/* The area under the receiver operating characteristic, with weights and ties. */
#ifndef COMMON_JUDGE_ROC_H
#define COMMON_JUDGE_ROC_H

#include <stdbool.h>
#include <stddef.h>

struct scored {
    double score, weight; /* weight >= 0 */
    bool positive;
    size_t group; /* of the caller: what its weight goes by */
};

/* Sorts by ascending score. */
void roc_sort(struct scored *scored, size_t count);

/* Of sorted scores: the chance that a positive has the higher score than a negative, half of it where they
 * are equal (the Mann-Whitney statistic). NaN where either has no weight. */
double roc_area(const struct scored *scored, size_t count);

#endif
