/* A record of keys as a classifier sees it that tells music from what a network made: nothing in it depends
 * on where the record came from but the music. Both sorts are treated alike: the frames next to the ends are
 * left out (a transform's edges), so are the outermost keys (augmentation by shifts can silence them),
 * loudness is relative to the record's largest, and whatever is softer than a threshold, which lies above
 * that of any analysis and of the generator's gates, counts as silence. */
#ifndef COMMON_JUDGE_PASSAGE_H
#define COMMON_JUDGE_PASSAGE_H

#include "common/keys/score.h"

/* Of the record's largest loudness: what is not above it is silent. */
static const double PASSAGE_THRESHOLD = 0.15;

/* How many frames at each end, and keys at each side, are left out of a score; none of a small one. */
size_t passage_edge_frames(const struct score *score);
size_t passage_edge_keys(const struct score *score);

struct passage {
    size_t keys, frames;
    int first;         /* number of the key in row 0 */
    double interval;   /* of a frame, s */
    unsigned char *on; /* (keys, frames): 1 where the louder channel is above the threshold */
    float *level; /* (keys, frames): dB, of the louder channel beside the record's largest; 0 where not on */
    float *balance; /* (keys, frames): (left - right) / (left + right); 0 where not on */
};

/* A note: the longest run of frames in which one key sounds. */
struct passage_note {
    size_t key, start, end; /* rows; frames, the end not included */
    double level, attack;   /* dB: the mean; the highest of the first three frames less the lowest of them */
    double change;          /* dB: the mean of the last third less that of the first */
    double balance;         /* the mean */
};

/* The passage of one part of a score. Reuses the passage's memory; the caller frees it with passage_free. */
void passage_make_or_die(struct passage *passage, const struct score *score, size_t part);
void passage_free(struct passage *passage);

/* All notes, key by key, each key's in their order. Caller frees. */
struct passage_note *passage_notes_or_die(const struct passage *passage, size_t *count);

#endif
