/* The two sets of records that keys-compare compares, in features and by a judge, and the training set. */
#ifndef COMMON_JUDGE_COMPARED_H
#define COMMON_JUDGE_COMPARED_H

#include "common/judge/judgement.h"
#include "common/metrics/comparison.h"

enum { COMPARED_ROWS = COMPARISON_ROWS + JUDGEMENT_ROWS };

struct compared {
    struct feature_set real, generated, training;
    struct cue_set cues_real, cues_generated, cues_training;
    struct comparison *comparison;
    struct judgement *judgement;
};

/* Reads the streams; `training` may be NULL. The floor is subtracted from generated records, `unstated` is
 * what records mean that do not state it, the seed is the judge's. Caller frees with compared_free. */
struct compared *compared_read_or_die(const char *real, const char *generated, const char *training,
                                      float floor, const struct score *unstated, uint64_t seed);
void compared_free(struct compared *compared);

const char *compared_row_name(size_t row, char *name, size_t size);

/* value (COMPARED_ROWS) of the sets themselves (resample -1), or of records and songs that are drawn again,
 * by the seed. */
void compared_measure_or_die(double *value, const struct compared *compared, uint64_t seed,
                             long long resample);

#endif
