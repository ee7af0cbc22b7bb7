/* The frames of a training set, one after another, to make music of them by chance. */
#ifndef COMMON_CORPUS_H
#define COMMON_CORPUS_H

#include "common/keys/score.h"

struct corpus {
    struct score shape;  /* of every record; its loudness is not set */
    size_t parts, count; /* records; frames: parts * shape.frames */
    float *loudness;     /* (count, channels, rows), in shares of the record's largest */
    unsigned char *on;   /* (count, rows): 1 where the key sounds, as in common/keys/piano-roll.h */
};

/* Reads a stream of keys; `defaults` are for records that do not state their facts. Dies when there is none.
 */
struct corpus corpus_read_or_die(const char *path, struct score defaults);
void corpus_free(struct corpus *corpus);

/* A Markov chain of the first order over what some keys do, all states and transitions being those of a
 * corpus. */
struct chain;

/* Of the rows first … first + rows - 1: a state is which of them sound. */
struct chain *chain_new_or_die(const struct corpus *corpus, size_t first, size_t rows);
void chain_free(struct chain *chain);

/* The frame after `frame`: the one that follows one of the frames in the same state, each of which is as
 * likely. Any frame, where that state only ever ended a record. `bits` are random. */
uint32_t chain_next(const struct chain *chain, uint32_t frame, uint32_t bits);

#endif
