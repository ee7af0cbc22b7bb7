/* A record of keys, (..., 2, keys, intervals) or mono (keys, intervals), as music: lines of one key in one
 * channel, in which the parts of the leading dimensions follow one another in time. */
#ifndef COMMON_KEYS_SCORE_H
#define COMMON_KEYS_SCORE_H

#include "common/keys/key-width.h"
#include "common/keys/keyboard.h"
#include "common/stream/stream.h"

struct score {
    struct key_range keys;  /* fact keys */
    struct key_width width; /* fact width: that of the bands that were listened to */
    double interval;        /* fact interval, s */
    size_t channels, rows;  /* 1 or 2; keys.last - keys.first + 1 */
    size_t parts, frames;   /* intervals of a part */
    const float *loudness;  /* (parts, channels, rows, frames), the record's */
};

/* The score in the record, with the facts that it does not state from `defaults`; dies when the record's
 * shape or facts contradict each other. */
struct score score_or_die(const struct reader *reader, const struct record *record, struct score defaults);

/* Dies unless the score has the keys, channels, interval and intervals of `shape`, that of the records
 * before; sets shape when it has no frames yet. */
void score_alike_or_die(const struct reader *reader, const struct score *score, struct score *shape);

/* line (parts * frames) of row k. Loudnesses below 0 become 0. */
void score_line(const struct score *score, size_t channel, size_t k, float *line);

#endif
