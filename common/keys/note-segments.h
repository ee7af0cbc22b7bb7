/* Notes in a line of loudness. */
#ifndef COMMON_KEYS_NOTE_SEGMENTS_H
#define COMMON_KEYS_NOTE_SEGMENTS_H

#include <stdbool.h>
#include <stddef.h>

/* A note begins where the loudness reaches `on`, and ends where it stays below `off` for more than `gap`
 * intervals; one that lasts less than `shortest` intervals is none. */
struct note_segment_rules {
    float on, off; /* on >= off > 0 */
    size_t gap, shortest;
};

struct note_segment {
    size_t start, end; /* intervals; the end is not part of it */
    float loudness;    /* the largest */
};

/* Moves on to the next note of the line (count); begin with {0}. False after the last one. */
bool note_segment_next(struct note_segment *note, const float *line, size_t count,
                       struct note_segment_rules rules);

#endif
