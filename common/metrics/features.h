/* Ten musical features of a keys record. keys-stats(1) has the formulas. */
#ifndef COMMON_METRICS_FEATURES_H
#define COMMON_METRICS_FEATURES_H

#include "common/keys/score.h"

enum { FEATURES = 10, FEATURE_PULSE = 7 };

/* "UPC" … "LR" */
extern const char *const feature_names[FEATURES];

/* value (FEATURES) of a part of a score; NaN where a feature is undefined, as the note length of silence. */
void features_or_die(double *value, const struct score *score, size_t part);

#endif
