/* Note segmentation: where notes begin and end in the loudness of a key. */
#ifndef COMMON_KEYS_NOTE_SEGMENTS_H
#define COMMON_KEYS_NOTE_SEGMENTS_H

#include <stdbool.h>
#include <stddef.h>

/* A note begins where the loudness reaches `on`, and ends where the loudness stays below `off` for more than
 * `gap` frames, or where it is struck again: where it rises and is at least `on` and `again` times that of
 * one of the last `rise` frames, which was not below `off`, and the note has lasted for twice as many. A note
 * shorter than `shortest` frames is left out. */
struct note_segment_rules {
    float on, off; /* on >= off > 0 */
    size_t gap, shortest;
    float again; /* 0: never */
    size_t rise;
};

struct note_segment {
    size_t start, end; /* frames start … end - 1 */
    float loudness;    /* the largest of them */
};

/* Moves on to the next note of the line (count), which is the loudness of a key in each frame; begin with
 * {0}. False after the last note. */
bool note_segment_next(struct note_segment *note, const float *line, size_t count,
                       struct note_segment_rules rules);

#endif
