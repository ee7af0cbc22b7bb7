/* Hits of a drum: where it is struck, in the row of its loudness. */
#ifndef COMMON_KEYS_DRUM_HITS_H
#define COMMON_KEYS_DRUM_HITS_H

#include <stdbool.h>
#include <stddef.h>

struct drum_hit {
    size_t frame, end; /* struck in `frame`; the next hit is not before `end` */
    double place;      /* when within the frame: 0 at its beginning, below 1 */
    float loudness;    /* the largest of the frames in which it rises */
};

/* Moves on to the next hit in the line (count); begin with {0}. False after the last one. A hit is where the
 * loudness reaches `least`, more than 0, and rises to 1.6 times that of the frame before, and it lasts while
 * the loudness rises further, for three frames at most. Where the frame is softer than the one behind it the
 * hit came late in it: the power is that of the frame before up to `place`, then that of the frame behind. */
bool drum_hit_next(struct drum_hit *hit, const float *line, size_t count, float least);

#endif
