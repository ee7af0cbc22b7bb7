/* Scores records by a judge. */
#ifndef KERNELS_MODEL_SAMPLING_JUDGE_SCORE_H
#define KERNELS_MODEL_SAMPLING_JUDGE_SCORE_H

#include "kernels/model/judge.h"

/* Writes each record of the stream with its score, the logit of being from the songs that the judge was
 * trained on; a record of several parts as so many records. Those of a song that the judge was trained on are
 * left out, which it says unless `quiet`. Dies where records are not like those. */
void judge_score_or_die(struct judge *judge, const char *path, struct writer *writer, bool quiet);

#endif
