/* Samples near given ones, for designs with a fitted prior: the latents of a record (the mean of its
 * posterior) or of a seed's sample are mixed with others on the arc of an ellipse around the prior's mean
 * (spherical interpolation), so that the mixture is as far from it as the latents at both ends. */
#ifndef KERNELS_MODEL_SAMPLING_VARIATION_H
#define KERNELS_MODEL_SAMPLING_VARIATION_H

#include "kernels/model/model.h"

struct variation;

/* Sample i varies record i of a stream (modulo their number), where longer ones are cut into records of the
 * model's length: `amount` 0 decodes the record's own latents, 1 those of a sample that is independent of it.
 * facts: those of the model; records that state others are refused. Dies where the design has no prior. */
struct variation *variation_like_or_die(struct model *model, const char *path, double amount, char *facts);

/* `count` samples at equal steps from one end to the other, both included. An end is a seed, for its first
 * sample, or a stream, for its first record. */
struct variation *variation_interpolate_or_die(struct model *model, const char *from, const char *to,
                                               uint64_t count, char *facts);

/* The generator's output becomes the batch of samples from number `first` on; their noise has to be drawn. */
void variation_decode(struct variation *variation, uint64_t first, struct pass pass);

/* The fact source of the record that sample `number` varies, or NULL. */
const char *variation_source(const struct variation *variation, uint64_t number);

/* The length of its frames, s: as the record has it, or between those of the ends, in equal ratios. */
double variation_interval(const struct variation *variation, uint64_t number);

void variation_free(struct variation *variation);

#endif
