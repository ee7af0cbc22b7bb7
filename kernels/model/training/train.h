/* A training run: pretraining of the generator, pretraining of the discriminator, then adversarial epochs,
 * with checkpoints, losses.tsv and a progress line. */
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

/* Trains the model, which is initialised or resumed here, to the configuration's last epoch. SIGINT and
 * SIGTERM finish the batch, write a checkpoint and exit 1 with a line that says how to resume. A loss that is
 * not finite dies with the last checkpoint named. */
void train_or_die(struct model *model, const struct dataset *dataset, struct train_settings settings);

#endif
