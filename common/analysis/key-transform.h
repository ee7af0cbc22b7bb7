/* The loudness of each key of a piano in each frame of a wave, as the RMS of a band.
 *
 * For a wave x of N samples, padded with zeros to a whole number T of frames of h samples:
 *
 *     band_n        = irfft( rfft(x) * exp(-1/2 ((f - f_n) / sigma_n)^2) )
 *     loudness[n,t] = sqrt( mean over the samples of frame t of band_n^2 )
 *
 * f_n is the frequency of the key, sigma_n as in common/keys/key-width.h. No band is transformed back at the
 * full rate: the mask leaves a few bins, whose inverse transform is the complex envelope a of the band at a
 * low rate. band^2 = |a|^2 / 2 + Re(a^2) / 2 is summed over the frames in the frequency domain, where the sum
 * of exp(2 pi i u r / N) over a frame is Dirichlet's kernel. Only the tails of the mask beyond six sigma are
 * left out, 2e-8 of the loudness of a tone.
 */
#ifndef COMMON_ANALYSIS_KEY_TRANSFORM_H
#define COMMON_ANALYSIS_KEY_TRANSFORM_H

#include <stddef.h>

#include "common/keys/key-width.h"
#include "common/keys/keyboard.h"

enum { KEY_TRANSFORM_SAMPLES_MAX = 1 << 30 };

struct key_transform;

/* For waves of `samples` samples, at least 1, at `rate` Hz and frames of `frame_samples` samples, at least 1,
 * both together at most KEY_TRANSFORM_SAMPLES_MAX; no key above rate / 2. */
struct key_transform *key_transform_new_or_die(size_t samples, double rate, size_t frame_samples,
                                               struct key_range keys, struct key_width width);

/* loudness (keys, frames) of wave (samples); frames = samples / frame_samples, rounded up. */
void key_transform_apply(struct key_transform *transform, float *loudness, const float *wave);

void key_transform_free(struct key_transform *transform);

#endif
