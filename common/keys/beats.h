/* The beats of a score: when a listener taps. */
#ifndef COMMON_KEYS_BEATS_H
#define COMMON_KEYS_BEATS_H

#include <stdbool.h>

#include "common/keys/score.h"

/* Seconds of a beat, below BEAT_LONGEST: the octave into which every tempo is folded. */
#define BEAT_SHORTEST 0.48
#define BEAT_LONGEST  0.96
#define BEAT_UNCLEAR  0.5 /* where no beat is clear */

struct beats {
    double *at; /* (count), ascending: the frames of the score that the beats fall on; 2.25 is between two */
    size_t count; /* all in the score, whose frames begin at 0; the last one may be where it ends */
    bool clear;   /* false: nothing told the beats, and each lasts BEAT_UNCLEAR from frame 0 on */
};

/* Caller frees with beats_free. Onset strength is the rise of the root of the louder channel, row by row. The
 * period of the beat is the one at whose multiples the autocorrelation of it, summed over the rows, is
 * largest: 1, 2, 4, 8 and 16 beats are bars and phrases. */
struct beats beats_or_die(const struct score *score);

void beats_free(struct beats *beats);

#endif
