/* The harmonic analysis: loudness of the notes of a piano in each frame of a wave, without the partials of
 * other notes and without drums, by non-negative matrix factorisation with fixed templates.
 *
 * chunks-to-keys(1) has the formulas. */
#ifndef COMMON_ANALYSIS_HARMONIC_H
#define COMMON_ANALYSIS_HARMONIC_H

#include <stddef.h>

#include "common/keys/key-width.h"
#include "common/keys/keyboard.h"

struct harmonic;

enum { HARMONIC_LEAD = 1 }; /* frames by which keys precede their sound */

/* A key whose own loudness is below this share of that of a frame before was released, of one behind not
 * struck yet. */
#define HARMONIC_STEEPEST 0.3

/* For waves of `samples` samples at `rate` Hz and frames of `frame_samples` samples; limits as of
 * key_transform_new_or_die in common/analysis/key-transform.h. */
struct harmonic *harmonic_new_or_die(size_t samples, double rate, size_t frame_samples, struct key_range keys,
                                     struct key_width width);

/* loudness (keys, T) of waves + i * samples at loudness + i * stride, i < count; the waves are parts of one
 * recording; T = samples / frame_samples, rounded up. own, of the same shape, is the part of the loudness
 * that is the key's and not another note's: it decides whether the key sounds. Infinite where the squares of
 * the waves overflow. */
void harmonic_apply(struct harmonic *harmonic, float *loudness, float *own, size_t stride, const float *waves,
                    size_t count);

void harmonic_free(struct harmonic *harmonic);

#endif
