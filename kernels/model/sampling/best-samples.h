/* The best (or worst) samples so far by the discriminator's score, as a sorted list of at most so many. */
#ifndef KERNELS_MODEL_SAMPLING_BEST_SAMPLES_H
#define KERNELS_MODEL_SAMPLING_BEST_SAMPLES_H

#include "common/stream/stream.h"

struct best_samples {
    struct scored_record *list; /* best first, or worst first */
    size_t count, most;
    bool worst;
};

struct best_samples best_samples_make_or_die(size_t most, bool worst);

/* Takes the record where its score is among the best; `record` then holds one that is no longer wanted, or
 * none, to be read into again. Of equal scores the earlier one stays before the later. */
void best_samples_consider(struct best_samples *best, double score, struct record *record);

void best_samples_write_or_die(struct writer *writer, const struct best_samples *best);
void best_samples_free(struct best_samples *best);

#endif
