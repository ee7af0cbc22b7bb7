/* What tells generated records from real ones, in rows of a table: the classifier two-sample test, and how
 * music ends, repeats, keeps its keys, strikes chords and varies its loudness. keys-compare(1) explains the
 * rows. */
#ifndef COMMON_JUDGE_JUDGEMENT_H
#define COMMON_JUDGE_JUDGEMENT_H

#include "common/judge/two-sample.h"

enum { SIDE_GENERATED, SIDE_REAL, JUDGED_SIDES };
enum { JUDGEMENT_ROWS = 1 + JUDGED_SIDES * (1 + NAMED_CUES) };

/* "AUC", "ends", "ends-real", "repetition" … */
const char *judgement_row_name(size_t row);

struct judgement;

/* The sets are not copied. Without training, NULL, or with too few songs there is no test, and its row is
 * NaN. */
struct judgement *judgement_new_or_die(const struct cue_set *training, const struct cue_set *real,
                                       const struct cue_set *generated, uint64_t seed);
void judgement_free(struct judgement *judgement);

/* Songs of a side: what weights are for. Records of one song are not independent, so songs are resampled. */
size_t judgement_songs(const struct judgement *judgement, size_t side);

/* value (JUDGEMENT_ROWS), records of song i of a side counting weight[side][i] times, a whole number. */
void judgement_measure_or_die(double *value, const struct judgement *judgement,
                              float *const weight[JUDGED_SIDES]);

/* The cues that the test goes by: "more:return-6" where generated records have more of it than real ones, by
 * the medians, else "less:…"; and its share of the gain. False without a test, or for index TOLD_BY and on.
 */
bool judgement_cue(const struct judgement *judgement, size_t index, char *name, size_t size, double *share);

#endif
