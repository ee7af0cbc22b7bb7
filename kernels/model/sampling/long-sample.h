/* Pieces longer than a record, for designs with a prior that is fitted: latents of the whole piece
 * (kernels/model/sampling/prior-sequence.h), decoded in windows of a record each that overlap, and joined key by key. What a
 * window says next to its ends is left out: there it knows one side only. */
#ifndef KERNELS_MODEL_SAMPLING_LONG_SAMPLE_H
#define KERNELS_MODEL_SAMPLING_LONG_SAMPLE_H

#include "kernels/model/model.h"

struct pieces;

/* Pieces of so many frames; NULL where a record has as many. Caller frees. */
struct pieces *pieces_new_or_die(struct model *model, uint64_t seed, size_t frames);
void pieces_free(struct pieces *pieces);

/* Windows of one piece. Those of all pieces are numbered on. */
size_t pieces_windows(const struct pieces *pieces);

/* The generator's output becomes the batch of windows from `first` on. */
void pieces_make(struct pieces *pieces, uint64_t first, struct pass pass);

/* Joins a window, (keys * frames of a record, 2), to those before it, in their order. */
void pieces_join(struct pieces *pieces, uint64_t window, const real *keys);

/* The joined piece (keys, length, 2), of which the first frames count; until the next window is joined. */
const real *pieces_joined(const struct pieces *pieces, size_t *length);

#endif
