/* The frames of a training set, one after another, to make music of them by chance. */
#ifndef COMMON_METRICS_MARKOV_H
#define COMMON_METRICS_MARKOV_H

#include "common/keys/score.h"

struct markov_corpus {
    struct score shape;  /* of every record; its loudness is not set */
    size_t parts, count; /* records; frames: parts * shape.frames */
    float *loudness;     /* (count, channels, rows), in shares of the record's largest */
    unsigned char *on;   /* (count, rows): 1 where the key sounds, as in common/keys/piano-roll.h */
};

/* Reads a stream of keys; `defaults` are for records that do not state their facts. Dies when there is none.
 */
struct markov_corpus markov_corpus_read_or_die(const char *path, struct score defaults);
void markov_corpus_free(struct markov_corpus *corpus);

/* A Markov chain of the first order over what some keys do, all states and transitions being those of a
 * corpus. */
struct markov_chain;

/* Of the rows first … first + rows - 1: a state is which of them sound. */
struct markov_chain *markov_chain_new_or_die(const struct markov_corpus *corpus, size_t first, size_t rows);
void markov_chain_free(struct markov_chain *chain);

/* The frame after `frame`: the one that follows one of the frames in the same state, each of which is as
 * likely. Any frame, where that state only ever ended a record. `bits` are random. */
uint32_t markov_chain_next(const struct markov_chain *chain, uint32_t frame, uint32_t bits);

#endif
