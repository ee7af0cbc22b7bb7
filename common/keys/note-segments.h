/* Notes in a line of loudness. */
#ifndef COMMON_NOTES_H
#define COMMON_NOTES_H

#include <stdbool.h>
#include <stddef.h>

/* A note begins where the loudness reaches `on`, and ends where it stays below `off` for more than `gap`
 * intervals; one that lasts less than `shortest` intervals is none. */
struct note_rules {
    float on, off; /* on >= off > 0 */
    size_t gap, shortest;
};

struct note {
    size_t start, end; /* intervals; the end is not part of it */
    float loudness;    /* the largest */
};

/* Moves on to the next note of the line (count); begin with {0}. False after the last one. */
bool note_next(struct note *note, const float *line, size_t count, struct note_rules rules);

#endif
