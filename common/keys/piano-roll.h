/* A piano roll: whether each key sounds in each frame; the features of music are computed from it. */
#ifndef COMMON_KEYS_PIANO_ROLL_H
#define COMMON_KEYS_PIANO_ROLL_H

#include "common/keys/score.h"

struct piano_roll {
    size_t keys, frames; /* drums are not among the keys */
    int first;           /* number of the key in row 0 */
    double interval;     /* length of a frame, s */
    unsigned char *on;   /* (keys and drums, frames): 1 where the row sounds, otherwise 0 */
};

/* The roll of one part of a score: a key sounds where the mean loudness of the channels is above a tenth of
 * the largest loudness of the part's keys, a drum above that of its drums. Reuses the memory at roll->on; the
 * caller frees it. */
void piano_roll_make_or_die(struct piano_roll *roll, const struct score *score, size_t part);

/* `seconds` in frames: at least 1, at most the frames of the roll. */
size_t piano_roll_frames(const struct piano_roll *roll, double seconds);

/* A note is a run of frames, as long as possible, in which a key sounds. */
struct note_counts {
    size_t count;
    size_t frames; /* sum of the lengths */
    size_t held;   /* notes of 60 ms or more */
};
struct note_counts piano_roll_notes(const struct piano_roll *roll);

/* True where key `k` begins to sound in frame t. */
bool piano_roll_onset(const struct piano_roll *roll, size_t k, size_t t);

/* share (12): the share that each pitch class, C being 0, has of the cells that sound in frames begin … end -
 * 1; a cell is a key in a frame. Returns the number of these cells; if it is 0, all shares are 0. */
size_t piano_roll_pitch_classes(const struct piano_roll *roll, size_t begin, size_t end, double *share);

#endif
