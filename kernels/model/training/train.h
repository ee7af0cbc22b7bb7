/* The training run: pretraining of the generator, pretraining of the discriminator, then adversarial epochs;
 * checkpoints, losses.tsv, progress. */
#ifndef KERNELS_MODEL_TRAINING_TRAIN_H
#define KERNELS_MODEL_TRAINING_TRAIN_H

#include "kernels/model/dataset.h"
#include "kernels/model/training/step.h"

struct train_settings {
    const char *folder; /* of checkpoints and losses.tsv */
    bool resume;        /* from the newest whole checkpoint there, if there is one */
    uint64_t seed;
    bool progress, quiet;
};

/* Trains the model (initialised or resumed here) to the configuration's last epoch. SIGINT and SIGTERM finish
 * the batch, write a checkpoint, say how to go on and exit 1. A loss that is not finite dies with the last
 * good checkpoint named. */
void train_or_die(struct model *model, const struct dataset *dataset, struct train_settings settings);

#endif
