/* The cues of a set of records, with the song that each is from. */
#ifndef COMMON_JUDGE_CUE_SET_H
#define COMMON_JUDGE_CUE_SET_H

#include <stdint.h>

#include "common/judge/cues.h"

struct cue_set {
    size_t count;           /* parts of records */
    double *values;         /* (count, CUES) */
    unsigned char *cluster; /* (count): 1 where more than a third of the keys sound in the last 0.1 s */
    uint64_t *song;         /* (count): a number that tells songs apart; 0: not known */
};

/* Adds all parts of a score; `record` says whose it is by its fact source. */
void cue_set_add_or_die(struct cue_set *set, const struct score *score, const struct record *record);
void cue_set_free(struct cue_set *set);

/* What stands at a named place among the cues. */
enum { CUE_REPETITION, CUE_SAME_KEYS, CUE_TOGETHER, CUE_DYNAMICS, NAMED_CUES };
extern const size_t named_cue[NAMED_CUES];

#endif
