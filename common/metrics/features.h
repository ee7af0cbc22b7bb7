/* What a record of keys is like as music, in ten numbers. keys-stats(1) has the formulas. */
#ifndef COMMON_METRICS_FEATURES_H
#define COMMON_METRICS_FEATURES_H

#include "common/keys/score.h"

enum { FEATURES = 10 };

/* "UPC" … "LR" */
extern const char *const feature_names[FEATURES];

/* value (FEATURES) of one part of a score; NaN where a feature is not defined, as the length of the notes of
 * silence. */
void features_or_die(double *value, const struct score *score, size_t part);

#endif
