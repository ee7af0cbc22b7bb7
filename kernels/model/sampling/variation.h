/* Samples beside given ones, for designs with a prior that is fitted: what the encoder says of a record, or
 * what a seed gives, is a place among the latents; from there it is a step, or a walk, to others. Distances
 * are such that latents stay as likely as the prior's own. */
#ifndef KERNELS_MODEL_SAMPLING_VARIATION_H
#define KERNELS_MODEL_SAMPLING_VARIATION_H

#include "kernels/model/model.h"

struct variation;

/* The records of a stream in turn, each moved by `amount`: 0 makes them again, 1 forgets them. */
struct variation *variation_like_or_die(struct model *model, const char *path, double amount);

/* From one place to another in `count` samples, both included: each a seed (its first sample) or the first
 * record of a stream. */
struct variation *variation_interpolate_or_die(struct model *model, const char *from, const char *to,
                                               uint64_t count);

/* Makes the batch of samples from `first` on: the generator's noise has been drawn, its output is made. */
void variation_make(struct variation *variation, uint64_t first, struct pass pass);

void variation_free(struct variation *variation);

#endif
