/* One update of a network: forward passes, losses, backward passes and, where the gradients are complete, a
 * step of the optimiser (AdamW). */
#ifndef KERNELS_MODEL_TRAINING_STEP_H
#define KERNELS_MODEL_TRAINING_STEP_H

#include "kernels/model/loss.h"
#include "kernels/model/model.h"

/* What a training run counts. A checkpoint has every counter under its name here. */
#define COUNTERS(_)                                                                                          \
    _(seed)                   /* of everything random */                                                     \
    _(epoch)                  /* finished epochs, pretraining included */                                    \
    _(batch)                  /* finished batches of the present epoch */                                    \
    _(pretrain_generator)     /* epochs of the generator alone that are left */                              \
    _(pretrain_discriminator) /* the same of the discriminator */                                            \
    _(adversarial)            /* finished epochs after pretraining */                                        \
    _(passes)                 /* forward passes with random numbers of their own */                          \
    _(generator_updates)      /* steps of the generator's optimiser */                                       \
    _(discriminator_updates)  /* the same of the discriminator's */                                          \
    _(records)                /* in the data set */                                                          \
    _(checksum)               /* of the data set */
struct counters {
#define COUNTER(NAME) int64_t NAME;
    COUNTERS(COUNTER)
#undef COUNTER
};

struct step {
    struct model *model;
    struct counters *counters;
    struct loss_sums losses;
    struct tensor records;      /* (batch, keys * frames, 2): real records, which the caller uploads */
    struct tensor noisy;        /* the same with instance noise: what the discriminator sees */
    struct tensor dx, dlogit;   /* gradients of generated keys and of the discriminator's logits */
    struct tensor feature_mean; /* over the batch, of the discriminator's features of real records */
    struct tensor dfeature;     /* gradient of its features of generated records */
    double progress;            /* share of the adversarial epochs that is done; the caller sets it */
};

struct step step_make_or_die(struct model *model, struct counters *counters);

/* The factor on both learning rates at the step's progress: half a cosine from 1 to learning_rate_end (cosine
 * annealing, Loshchilov and Hutter 2017). */
double step_rate_factor(const struct step *step);

/* `apply`: the gradients are complete; the optimiser makes a step and they start again from zero. */
void step_generator(struct step *step, bool apply);
void step_discriminator(struct step *step, bool apply);

/* Pretraining, a step of the optimiser each: of the generator by smooth L1 between generated and real
 * records, of the discriminator by half the sum of both cross entropies, without label smoothing and instance
 * noise. */
void step_pretrain_generator(struct step *step);
void step_pretrain_discriminator(struct step *step);

#endif
