/* White noise that is read from a stream instead of drawn. */
#ifndef KERNELS_MODEL_SAMPLING_GIVEN_NOISE_H
#define KERNELS_MODEL_SAMPLING_GIVEN_NOISE_H

#include "kernels/model/model.h"

struct given_noise;
struct given_noise *given_noise_open_or_die(const char *path, const struct model *model);

/* The next record, [channels, length] of the generator's noise, becomes that of sample `index` of the batch.
 * Dies on another shape, and where none is left. */
void given_noise_read_or_die(struct given_noise *noise, int index);

/* Records that are left are not needed, but a stream that was cut short is refused. */
void given_noise_finish_or_die(struct given_noise *noise);

void given_noise_free(struct given_noise *noise);

#endif
