/* The period of a score's beat, from the autocorrelation of its onsets. */
#ifndef COMMON_KEYS_BEAT_PERIOD_H
#define COMMON_KEYS_BEAT_PERIOD_H

#include "common/keys/score.h"

/* Onset strength of a score, the louder channel of each row. */
struct beat_onsets {
    float *strength; /* (count), summed over the rows and smoothed; mean 0. Caller frees */
    size_t count;
    double step;   /* s */
    double period; /* steps: of the beat, between BEAT_SHORTEST and BEAT_LONGEST; 0: none is clear */
};

struct beat_onsets beat_onsets_or_die(const struct score *score);

#endif
