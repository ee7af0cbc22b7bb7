/* A piano roll: which keys sound when, as yes or no. What music is like is counted on it. */
#ifndef COMMON_KEYS_PIANO_ROLL_H
#define COMMON_KEYS_PIANO_ROLL_H

#include "common/keys/score.h"

struct piano_roll {
    size_t keys, frames;
    int first;         /* number of the key in row 0 */
    double interval;   /* of a frame, s */
    unsigned char *on; /* (keys, frames): 1 where the key sounds, otherwise 0 */
};

/* The roll of one part of a score: a key sounds where the mean of its channels is above a tenth of the part's
 * largest loudness. Reuses the memory at roll->on; the caller frees it. */
void piano_roll_make_or_die(struct piano_roll *roll, const struct score *score, size_t part);

/* Frames in that many seconds: 1 at least, and no more than the roll has. */
size_t piano_roll_frames(const struct piano_roll *roll, double seconds);

/* The notes, which are a key's longest runs. */
struct note_counts {
    size_t count, frames; /* frames: of all notes together */
    size_t held;          /* notes of 60 ms or more */
};
struct note_counts piano_roll_notes(const struct piano_roll *roll);

/* True where key `k` begins to sound in frame t. */
bool piano_roll_onset(const struct piano_roll *roll, size_t k, size_t t);

/* share (12): of the cells that sound in frames from … to - 1, the share of each pitch class, C being 0.
 * Returns the number of those cells; without any the shares are 0. */
size_t piano_roll_pitch_classes(const struct piano_roll *roll, size_t from, size_t to, double *share);

#endif
