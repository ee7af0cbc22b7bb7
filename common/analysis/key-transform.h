/* How loud each key of a piano is in each interval of a wave.
 *
 * Of a wave x of N samples, padded with zeros to a whole number T of intervals of h samples:
 *
 *     band_n        = irfft( rfft(x) * exp(-1/2 ((f - f_n) / sigma_n)^2) )
 *     loudness[n,t] = sqrt( mean over the samples of interval t of band_n^2 )
 *
 * with f_n the key's frequency and sigma_n as common/keys/key-width.h has it. The numbers are those of this
 * formula computed in full (2e-8 of a tone's loudness leaks through the mask's tails beyond six sigma, and is
 * left out), but no band is ever made: the mask leaves a few bins, whose inverse transform is the band's
 * complex envelope a at a low rate, and band^2 = |a|^2 / 2 + Re(a^2) / 2 is summed over the intervals among
 * the frequencies: an interval's sum of exp(2 pi i u r / N) is Dirichlet's kernel.
 */
#ifndef COMMON_ANALYSIS_KEY_TRANSFORM_H
#define COMMON_ANALYSIS_KEY_TRANSFORM_H

#include <stddef.h>

#include "common/keys/key-width.h"
#include "common/keys/keyboard.h"

enum { KEY_TRANSFORM_SAMPLES_MAX = 1 << 30 };

struct key_transform;

/* For waves of `samples` samples at `rate` Hz in intervals of `interval` samples; at least one sample, an
 * interval of at least one, both together at most KEY_TRANSFORM_SAMPLES_MAX; no key above rate / 2. */
struct key_transform *key_transform_new_or_die(size_t samples, double rate, size_t interval,
                                               struct key_range keys, struct key_width width);

/* loudness (keys, frames) of wave (samples); frames = samples / interval, rounded up. */
void key_transform_apply(struct key_transform *transform, float *loudness, const float *wave);

void key_transform_free(struct key_transform *transform);

/* The same of a band's envelope a, which has no ripple at twice the key's frequency:
 *
 *     loudness[n,t] = sqrt( mean over the instants of interval t of |a|^2 / 2 ),
 *
 * at 200 instants a second and at least four an interval, the bins' aliases at that rate being what sampling
 * the envelope means; T is raised to 4, 5, 6 or 7 times a power of two before the wave is padded. */
struct key_envelopes;

/* Limits as above. */
struct key_envelopes *key_envelopes_new_or_die(size_t samples, double rate, size_t interval);

/* Takes a wave (samples), for any bands of it. */
void key_envelopes_take(struct key_envelopes *envelopes, const float *wave);

/* loudness (samples / interval, rounded up) of one band of the wave. The "key" may lie beyond the piano's;
 * above rate / 2 all is silent. */
void key_envelopes_loudness(struct key_envelopes *envelopes, float *loudness, int key,
                            struct key_width width);

void key_envelopes_free(struct key_envelopes *envelopes);

#endif
