/* Baselines that a trained network is compared with: records made by chance from a training set. */
#ifndef COMMON_METRICS_BASELINE_H
#define COMMON_METRICS_BASELINE_H

#include "common/metrics/markov.h"

enum baseline_kind {
    BASELINE_NOISE,        /* independent loudnesses, uniform from 0 to 1 */
    BASELINE_INDEPENDENT,  /* each cell from a random frame of the set */
    BASELINE_SHUFFLE,      /* the frames of a record in random order */
    BASELINE_MARKOV_KEY,   /* a Markov chain for each key */
    BASELINE_MARKOV_FRAME, /* a Markov chain of whole frames */
    BASELINE_LOOPED,       /* MARKOV_FRAME whose random numbers repeat in part after a period */
    BASELINE_BARS          /* MARKOV_FRAME in which some bars are copies of the bar before */
};

struct baseline;

/* The corpus is not copied. */
struct baseline *baseline_new_or_die(const struct markov_corpus *corpus, enum baseline_kind kind);
void baseline_free(struct baseline *baseline);

/* The length of a frame of record `number`, s: that of a record of the corpus, by the seed and the number. */
double baseline_interval(const struct baseline *baseline, uint64_t seed, uint32_t number);

/* loudness (channels, rows, frames) of record `number`, a function of the seed and the number. */
void baseline_make_or_die(float *loudness, const struct baseline *baseline, uint64_t seed, uint32_t number);

#endif
