/* Samples longer than a record, for designs with a fitted prior: the latents of the whole sample are drawn at
 * once (kernels/model/sampling/prior-sequence.h), decoded in overlapping windows of a record each, and the
 * windows' keys are joined key by key. Frames next to a window's ends are left out where a neighbour has
 * them: the decoder sees only one side of them. */
#ifndef KERNELS_MODEL_SAMPLING_LONG_SAMPLE_H
#define KERNELS_MODEL_SAMPLING_LONG_SAMPLE_H

#include "kernels/model/sampling/continuation.h"

struct long_sample;

/* For samples of so many frames; NULL where a record has as many. Dies where the design has no prior. Caller
 * frees. */
struct long_sample *long_sample_new_or_die(struct model *model, uint64_t seed, size_t frames);

/* For continuations of so many frames of a song: its last frames are as the first record of a longer sample,
 * which is left out. `after` then belongs to the long sample. */
struct long_sample *long_sample_after_or_die(struct model *model, uint64_t seed, size_t frames,
                                             struct continuation *after);
void long_sample_free(struct long_sample *sample);

/* Windows in one sample. The windows of sample i have the numbers from i times that on. */
size_t long_sample_windows(const struct long_sample *sample);

/* The generator's output becomes the windows from number `first` on, one batch of them. */
void long_sample_decode(struct long_sample *sample, uint64_t first, struct pass pass);

/* Joins a window's keys (keys, frames of a record, 2) to those of the windows before it; to be called in the
 * order of the windows. */
void long_sample_join(struct long_sample *sample, uint64_t window, const real *keys);

/* A sample's keys: `frames` of them, from frame `first` on. */
struct joined {
    const real *keys; /* (keys, length, 2) */
    size_t length, first, frames;
    double gain; /* to multiply them by */
};

/* The keys joined so far, without the number of frames that are wanted; valid until the next call of join. */
struct joined long_sample_joined(const struct long_sample *sample);

#endif
