/* A keys record, (..., 2, rows, frames) or mono (rows, frames), as a score: the loudness of each key, and of
 * each drum where it has drums, in each frame, with the facts. The arrays (2, rows, frames) of the leading
 * dimensions are its parts, which follow one another in time. */
#ifndef COMMON_KEYS_SCORE_H
#define COMMON_KEYS_SCORE_H

#include "common/keys/key-width.h"
#include "common/keys/keyboard.h"
#include "common/stream/stream.h"

struct score {
    struct key_range keys;  /* fact keys */
    struct key_width width; /* fact width: of the bands that the loudness was measured in */
    double interval;        /* fact interval: length of a frame, s */
    size_t beat;            /* fact beat: frames from one beat to the next, from frame 0 on; 0: not stated */
    size_t channels, rows;  /* 1 or 2; pitched + drums: a row a key, then a row a drum */
    size_t pitched, drums;  /* keys.last - keys.first + 1; fact drums, 0 or KEYBOARD_DRUMS */
    size_t parts, frames;   /* frames of a part */
    const float *loudness;  /* (parts, channels, rows, frames); memory of the record */
};

enum { BEAT_MOST = 10000 }; /* frames */

/* The fact beat, 0 where it is not stated. Dies unless it is a whole number, at most BEAT_MOST. */
size_t score_beat_or_die(const struct reader *reader, const struct record *record);

/* The score in the record; facts that the record does not state come from `defaults`. Dies when its shape and
 * facts contradict each other. */
struct score score_or_die(const struct reader *reader, const struct record *record, struct score defaults);

/* Dies unless the score has the keys, channels, frames, beat and, without a beat, the interval of `shape`, a
 * copy of the first score; sets shape when it has no frames yet. */
void score_alike_or_die(const struct reader *reader, const struct score *score, struct score *shape);

/* The largest loudness of a part's keys, of its drums, or of one row, in any channel; at least 0. */
float score_loudest_key(const struct score *score, size_t part);
float score_loudest_drum(const struct score *score, size_t part);
float score_loudest_in_row(const struct score *score, size_t part, size_t row);

/* line (parts * frames): the loudness of row k in one channel. Values below 0 become 0. */
void score_line(const struct score *score, size_t channel, size_t k, float *line);

/* Likewise, of each frame the larger of both channels. */
void score_line_loudest(const struct score *score, size_t k, float *line);

#endif
