/* A corpus, which is all frames of a training set in their order, and Markov chains over it. */
#ifndef COMMON_METRICS_MARKOV_H
#define COMMON_METRICS_MARKOV_H

#include "common/keys/score.h"

struct markov_corpus {
    struct score shape;  /* of each record; shape.loudness is not set */
    size_t parts, count; /* records; frames, that is parts * shape.frames */
    double *interval;    /* (parts): length of a frame, s; without a beat all are shape.interval */
    float *loudness;     /* (count, channels, rows), over the largest of the record */
    unsigned char *on;   /* (count, rows): 1 where the key sounds, as in common/keys/piano-roll.h */
};

/* Reads a stream of keys; facts that records do not state come from `defaults`. Dies without any record. */
struct markov_corpus markov_corpus_read_or_die(const char *path, struct score defaults);
void markov_corpus_free(struct markov_corpus *corpus);

/* A first-order Markov chain whose states are sets of sounding keys, with the transitions of a corpus. */
struct markov_chain;

/* A chain over the rows first … first + rows - 1: the state of a frame is which of them sound. */
struct markov_chain *markov_chain_new_or_die(const struct markov_corpus *corpus, size_t first, size_t rows);
void markov_chain_free(struct markov_chain *chain);

/* The successor of `frame`: of all frames in the same state that have a successor one is chosen, with equal
 * probability, and its successor is the result. Any frame where no frame in that state has one. `bits` are
 * random. */
uint32_t markov_chain_next(const struct markov_chain *chain, uint32_t frame, uint32_t bits);

#endif
