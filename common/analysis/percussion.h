/* The loudness of drums in each frame of a wave: what is short in time and, but for the low band, wide in
 * frequency, in three bands: below 130 Hz, kick drums; up to 3000 Hz, snares and toms; above, hi-hats and
 * cymbals. chunks-to-keys(1) has the formulas. */
#ifndef COMMON_ANALYSIS_PERCUSSION_H
#define COMMON_ANALYSIS_PERCUSSION_H

#include <stddef.h>

#include "common/keys/keyboard.h"

struct percussion;

/* For waves of `samples` samples at `rate` Hz and frames of `frame_samples` samples; limits as of
 * key_transform_new_or_die in common/analysis/key-transform.h. */
struct percussion *percussion_new_or_die(size_t samples, double rate, size_t frame_samples);

/* loudness (KEYBOARD_DRUMS, T) of waves + i * samples at loudness + i * stride, i < count: the RMS of the
 * drums of each band. The waves are parts of one recording. With `thresholded` it is 0 where no drum sounds;
 * T = samples / frame_samples, rounded up. */
void percussion_apply(struct percussion *percussion, float *loudness, size_t stride, const float *waves,
                      size_t count, int lead, bool thresholded);

void percussion_free(struct percussion *percussion);

#endif
