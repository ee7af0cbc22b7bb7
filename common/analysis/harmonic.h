/* How loud each note of a piano is in each interval of a wave: a key's band hears the partials of lower notes
 * and drums too; here each band's loudness is shared out, and the key keeps what is its own.
 *
 * chunks-to-keys(1) has the formulas. */
#ifndef COMMON_ANALYSIS_HARMONIC_H
#define COMMON_ANALYSIS_HARMONIC_H

#include <stddef.h>

#include "common/keys/key-width.h"
#include "common/keys/keyboard.h"

struct harmonic;

enum { HARMONIC_LEAD = 1 }; /* by how many intervals keys come before their sound, as in a score */

/* For waves of `samples` samples at `rate` Hz in intervals of `interval` samples; limits as of
 * key_transform_new_or_die in common/analysis/key-transform.h. */
struct harmonic *harmonic_new_or_die(size_t samples, double rate, size_t interval, struct key_range keys,
                                     struct key_width width);

/* loudness (waves, keys, T) of waves (waves, samples), which are taken as parts of the same recording;
 * T = samples / interval, rounded up. own, of the same shape, is what of it is surely the key's, and says
 * whether it sounds. Infinite where the waves are too loud to be squared. */
void harmonic_apply(struct harmonic *harmonic, float *loudness, float *own, const float *waves, size_t count);

void harmonic_free(struct harmonic *harmonic);

#endif
