/* Keys on the beat clock: frames counted from beat to beat in place of seconds. */
#ifndef COMMON_BEATS_BEAT_CLOCK_H
#define COMMON_BEATS_BEAT_CLOCK_H

#include "common/keys/score.h"

enum { BEAT_FRAMES = 24 };

/* loudness (channels, rows, beats * BEAT_FRAMES): what sounds in `score` from beat at[0] to at[beats]; at
 * (beats + 1) is in frames of the score, as struct beats has it.
 *
 * A beat falls on the middle of its first frame. A key sounds, in both channels or in neither, where the
 * nearest frame of the score sounds, as loud as the loudest of those that the frame covers; a note that lies
 * between two nearest frames keeps one. A drum's hit begins in the frame nearest to the middle of its rise,
 * and keeps its length in frames of 0.02 s, at most up to the next hit. */
void beat_clock_or_die(float *loudness, const struct score *score, const double *at, size_t beats);

#endif
