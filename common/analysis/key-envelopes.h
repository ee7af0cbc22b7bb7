/* The loudness of keys from the envelopes of their bands.
 *
 * As in common/analysis/key-transform.h, but of the envelope a of a band, without the ripple of band^2 at
 * twice the frequency of the key:
 *
 *     loudness[n,t] = sqrt( mean over the instants of frame t of |a|^2 / 2 )
 *
 * with 200 instants a second and at least four a frame. T is raised to 4, 5, 6 or 7 times a power of two
 * before the wave is padded. */
#ifndef COMMON_ANALYSIS_KEY_ENVELOPES_H
#define COMMON_ANALYSIS_KEY_ENVELOPES_H

#include <stddef.h>

#include "common/keys/key-width.h"

struct key_envelopes;

/* Limits as of key_transform_new_or_die. */
struct key_envelopes *key_envelopes_new_or_die(size_t samples, double rate, size_t frame_samples);

/* Transforms a wave (samples); then key_envelopes_loudness gives any of its bands. */
void key_envelopes_take(struct key_envelopes *envelopes, const float *wave);

/* loudness (frames) of one band of the wave. `key` may lie beyond the 88 of a piano; above rate / 2 the
 * loudness is 0. */
void key_envelopes_loudness(struct key_envelopes *envelopes, float *loudness, int key,
                            struct key_width width);

void key_envelopes_free(struct key_envelopes *envelopes);

#endif
