/* Real records made anew for each batch: ten seconds from any moment of a song, moved up or down by some
 * keys, the channels swapped; each divided by its largest value. What is made is a function of the key and
 * the place in the order. */
#ifndef KERNELS_MODEL_TRAINING_AUGMENT_H
#define KERNELS_MODEL_TRAINING_AUGMENT_H

#include "kernels/model/dataset.h"

/* Whether the configuration asks for any of it. */
bool augment_wanted(const struct config *config);

/* Batch `number` of the order, into records (batch, keys * frames, 2): the window begins in the record that
 * the order names, where windows are wanted, and goes on in the one that follows it in the song; without one
 * it is that record. */
void augment_batch(const struct dataset *dataset, const struct config *config, struct tensor records,
                   const size_t *order, size_t number, struct random_key key);

#endif
