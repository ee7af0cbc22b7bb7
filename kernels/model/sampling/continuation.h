/* Latents that go on from the end of a song: those of its last seconds, as the encoder hears them, then a
 * draw from the prior given these. No network is trained for it.
 *
 *   z[t]  = m + d[t] + temperature x[t]
 *   m     = the song's mean
 *   d     = what the prior expects to follow the song: its continuation without noise
 *   x     = the continuation, from silence, of a noise that repeats the song's own with the song's period,
 *           whose slow part is exchanged for that of one that does not repeat
 *
 * The noise of a song is what colours to its latents (prior-sequence.h), so a beat goes on. It is taken at
 * the very frame, not the nearest latent, that a whole number of periods lies before: the encoder hears the
 * song once for each frame of a latent, a frame later each time. Where frames follow the beat the period is
 * whole beats, and so is what a latent stands for: then once is enough. */
#ifndef KERNELS_MODEL_SAMPLING_CONTINUATION_H
#define KERNELS_MODEL_SAMPLING_CONTINUATION_H

#include "kernels/model/model.h"

struct continuation;

/* Of the song whose keys are in the stream; facts: those of the model. Dies where the design has no prior and
 * where the stream is no song for the model. Caller frees. */
struct continuation *continuation_new_or_die(struct model *model, const char *path, char *facts);
void continuation_free(struct continuation *continuation);

/* z (latents, channels): the song's last frames, as many as a record has, and what follows them. Numbers of a
 * seed are continuations of their own; the first latents are the same for any number of latents. */
void continuation_draw(const struct continuation *continuation, real *z, size_t latents, uint64_t seed,
                       uint32_t number);

/* The factor from the model's loudness, 0 to 1, to the song's: as much sounds in the song's last frames as in
 * those that the decoder makes of their latents. */
double continuation_gain(const struct continuation *continuation);

/* The song's fact source, or the stream's name; where in it the continuation begins, s. */
const char *continuation_source(const struct continuation *continuation);
double continuation_start(const struct continuation *continuation);

/* The length of the song's frames, s. */
double continuation_interval(const struct continuation *continuation);

#endif
