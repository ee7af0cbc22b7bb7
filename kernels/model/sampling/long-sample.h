/* Pieces longer than a record, for designs with a prior that is fitted: latents of the whole piece
 * (kernels/model/sampling/prior-sequence.h), decoded in windows of a record each that overlap, and joined key
 * by key. What a window says next to its ends is left out: there it knows one side only. */
#ifndef KERNELS_MODEL_SAMPLING_LONG_SAMPLE_H
#define KERNELS_MODEL_SAMPLING_LONG_SAMPLE_H

#include "kernels/model/model.h"

struct long_sample;

/* Pieces of so many frames; NULL where a record has as many. Caller frees. */
struct long_sample *long_sample_new_or_die(struct model *model, uint64_t seed, size_t frames);
void long_sample_free(struct long_sample *pieces);

/* Windows of one piece. Those of all pieces are numbered on. */
size_t long_sample_windows(const struct long_sample *pieces);

/* The generator's output becomes the batch of windows from `first` on. */
void long_sample_decode(struct long_sample *pieces, uint64_t first, struct pass pass);

/* Joins a window, (keys * frames of a record, 2), to those before it, in their order. */
void long_sample_join(struct long_sample *pieces, uint64_t window, const real *keys);

/* The joined piece (keys, length, 2), of which the first frames count; until the next window is joined. */
const real *long_sample_joined(const struct long_sample *pieces, size_t *length);

#endif
