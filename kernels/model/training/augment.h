/* Data augmentation: real records made anew for each batch, windows from any moment or beat of a song,
 * transposed by some keys, left and right swapped, each divided by its largest value. A record is a function
 * of the random key and its place in the epoch's order. */
#ifndef KERNELS_MODEL_TRAINING_AUGMENT_H
#define KERNELS_MODEL_TRAINING_AUGMENT_H

#include "kernels/model/dataset.h"

/* Whether the configuration asks for any augmentation. */
bool augment_wanted(const struct config *config);

/* Batch `number` of the order, into records (batch, keys * frames, 2). With augmentation.windows a record
 * begins at any frame, or any beat, of the record that the order names, and goes on in the next record of the
 * song. */
void augment_batch(const struct dataset *dataset, const struct config *config, struct tensor records,
                   const size_t *order, size_t number, struct random_key key);

#endif
