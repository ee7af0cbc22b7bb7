/* One update of a network: forward passes, losses, backward passes, and where gradients are complete the
 * optimiser. Losses are added to cells on the device. */
#ifndef KERNELS_MODEL_TRAINING_STEP_H
#define KERNELS_MODEL_TRAINING_STEP_H

#include "kernels/model/loss.h"
#include "kernels/model/model.h"

/* What a training run counts; all of it stands in a checkpoint. */
#define COUNTERS(_)                                                                                          \
    _(seed)               /* of everything random */                                                         \
    _(epoch)              /* finished epochs, pretraining included */                                        \
    _(batch)              /* finished batches of the epoch at work */                                        \
    _(pretrain_generator) /* epochs of it that are left */                                                   \
    _(pretrain_discriminator)                                                                                \
    _(adversarial)       /* finished epochs after pretraining */                                             \
    _(passes)            /* forward passes with fresh randomness */                                          \
    _(generator_updates) /* steps of the generator's optimiser */                                            \
    _(discriminator_updates)                                                                                 \
    _(records) /* in the data set, and their checksum */                                                     \
    _(checksum)
struct counters {
#define COUNTER(NAME) int64_t NAME;
    COUNTERS(COUNTER)
#undef COUNTER
};

struct step {
    struct model *model;
    struct counters *counters;
    struct loss_sums losses;
    struct tensor records;           /* the batch's real records; the caller uploads them */
    struct tensor noisy, dx, dlogit; /* records with instance noise; gradients of keys and logits */
    struct tensor feature_mean, dfeature;
    double progress; /* share of the adversarial epochs that is done; the caller sets it */
};

struct step step_make_or_die(struct model *model, struct counters *counters);

/* What is left of the learning rates at the step's progress: half a cosine down to learning_rate_end. */
double step_rate_factor(const struct step *step);

/* Whether the discriminator judges what the generator makes: else nothing would come of it. */
bool step_uses_discriminator(const struct config *config);

/* `apply`: gradients are complete, so the optimiser steps and they start again from zero. */
void step_generator(struct step *step, bool apply);
void step_discriminator(struct step *step, bool apply);

/* SmoothL1 of generated against real records; half the sum of both cross entropies, unsmoothed. */
void step_pretrain_generator(struct step *step);
void step_pretrain_discriminator(struct step *step);

#endif
