/* A classifier two-sample test: can a classifier that was trained on some songs and some generated records
 * tell songs that nobody trained on from other generated records? Source: D. Lopez-Paz, M. Oquab, "Revisiting
 * classifier two-sample tests", 2017; the classifier is boosting.h's. */
#ifndef COMMON_JUDGE_TWO_SAMPLE_H
#define COMMON_JUDGE_TWO_SAMPLE_H

#include "common/judge/cue-set.h"

enum { TOLD_BY = 5 };

/* A test that was made: the logits of records that a fold's classifier was not trained on. */
struct two_sample;

/* Trains classifiers on the songs of `training` against half of the songs of `generated` (a record of no
 * known song is one by itself), and scores the other half and `real`. Folds come in pairs, halves exchanged.
 * Songs that training and generated share, as where songs are judged themselves, are dealt out between the
 * two first. NULL where a side has too few songs for that. */
struct two_sample *two_sample_new_or_die(const struct cue_set *training, const struct cue_set *real,
                                         const struct cue_set *generated, uint64_t seed);
void two_sample_free(struct two_sample *test);

/* The area under the ROC curve, the mean of the folds: the chance that a generated record has the higher
 * logit of being generated than a real one has: 0.5 where they cannot be told apart. Folds in
 * which a side has no weight are left out. A record counts weight[song] times, its song numbered as
 * songs_make_or_die does. */
double two_sample_auc(const struct two_sample *test, const float *real_weight, const float *generated_weight);

/* The cues that explain most, and the share of the gain of all splits that is theirs. */
void two_sample_told_by(const struct two_sample *test, size_t cue[TOLD_BY], double share[TOLD_BY]);

#endif
