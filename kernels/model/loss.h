/* The losses: a cell each on the device, and a column of losses.tsv under the published name. */
#ifndef KERNELS_MODEL_LOSS_H
#define KERNELS_MODEL_LOSS_H

#include "kernels/model/session.h"

/* Losses on keys stand in the order of kernels/key-losses.h. */
enum loss {
    LOSS_GAN,
    LOSS_KL,
    LOSS_DISCRIMINATOR,
    LOSS_FEATURE_MATCHING,
    LOSS_GENERATOR_KEYS, /* the first of GENERATOR_LOSSES */
    LOSS_DISCRIMINATOR_KEYS = LOSS_GENERATOR_KEYS + GENERATOR_LOSSES,
    LOSS_GATES = LOSS_DISCRIMINATOR_KEYS + DISCRIMINATOR_LOSSES, /* of the design `time` only */
    LOSSES = LOSS_GATES + GATE_LOSSES
};

extern const char *const loss_names[LOSSES];

/* What a training run adds up of each loss, for its mean over an epoch. */
struct loss_sums {
    device cells;      /* (LOSSES): sums over the epoch */
    int added[LOSSES]; /* how often the present batch has added each. All batches of an epoch add alike, and a
                          run that is resumed inside an epoch has the sums of earlier batches, not their
                          counts. */
};

/* Sets the counts to 0; to be called before each batch. */
void loss_begin_batch(struct loss_sums *sums);

/* Counts an addition of each of `count` losses from `first` on, and returns their cells for the operation
 * that adds them. */
device loss_add(struct loss_sums *sums, const struct ops *ops, int first, int count);

/* The same for an operation that leaves out a loss whose weight is 0, unless `all`. */
device loss_add_weighted(struct loss_sums *sums, const struct ops *ops, int first, int count,
                         const real *weights, bool all);

/* The weights of the losses on keys and of the gates, divided by the number of steps whose gradients are
 * accumulated. */
void generator_weights(const struct config *config, int steps, real weights[GENERATOR_LOSSES]);
void discriminator_weights(const struct config *config, int steps, real weights[DISCRIMINATOR_LOSSES]);
void gate_weights(const struct config *config, int steps, real weights[GATE_LOSSES]);

#endif
