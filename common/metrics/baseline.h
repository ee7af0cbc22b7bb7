/* Music by chance, for a trained network to be compared with. */
#ifndef COMMON_METRICS_BASELINE_H
#define COMMON_METRICS_BASELINE_H

#include "common/metrics/markov.h"

enum baseline_kind {
    BASELINE_NOISE,        /* every loudness by itself, from 0 to 1 */
    BASELINE_INDEPENDENT,  /* every cell from a random frame */
    BASELINE_SHUFFLE,      /* a record, its frames in random order */
    BASELINE_MARKOV_KEY,   /* a chain for each key */
    BASELINE_MARKOV_FRAME, /* a chain of whole frames */
    BASELINE_LOOPED,       /* the same, its random numbers partly coming again after a time */
    BASELINE_BARS          /* the same as MARKOV_FRAME, some of its bars being the one before again */
};

struct baseline;

/* The corpus is not copied. */
struct baseline *baseline_new_or_die(const struct markov_corpus *corpus, enum baseline_kind kind);
void baseline_free(struct baseline *baseline);

/* loudness (channels, rows, frames) of record `number`, which with the seed decides it. */
void baseline_make_or_die(float *loudness, const struct baseline *baseline, uint64_t seed, uint32_t number);

#endif
