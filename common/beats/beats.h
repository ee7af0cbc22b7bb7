/* The beats of a score: where a listener taps. */
#ifndef COMMON_BEATS_BEATS_H
#define COMMON_BEATS_BEATS_H

#include "common/keys/score.h"

#define BEAT_UNCLEAR 0.5 /* s from one beat to the next where none is clear */

struct beats {
    double *at;   /* (count), ascending: the frames that the beats fall on; 2.25 is between two */
    size_t count; /* from frame 0, or 0.04 s before it, to 0.04 s behind the last frame */
    bool clear;   /* false: BEAT_UNCLEAR from frame 0 on */
};

/* Caller frees with beats_free. The beats are those of a machine, which keeps one period, if these are at
 * least 0.9 times as strong as those found one by one, which follow a tempo that drifts. */
struct beats beats_or_die(const struct score *score);

void beats_free(struct beats *beats);

#endif
