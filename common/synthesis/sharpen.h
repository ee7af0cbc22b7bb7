/* Sharpening and release: changes to the loudness of a key, before synthesis, that make up for its
 * measurement.
 *
 * A band whose mask has the deviation sigma blurs loudness over time with a Gaussian of deviation 1 / (2 pi
 * sigma) seconds, 88 ms for a quarter of a semitone at key 27. So the loudness of a short note is too low,
 * and the threshold of chunks-to-keys removes its ends. */
#ifndef COMMON_SYNTHESIS_SHARPEN_H
#define COMMON_SYNTHESIS_SHARPEN_H

#include <stddef.h>

/* Multiplies each loudness (count frames) of a key by its ratio to the same row blurred with such a Gaussian,
 * at most by `most`: a second measurement then finds about the original. `deviation` is that of the Gaussian
 * in frames. Where the loudness is constant nothing changes. */
void sharpen(float *loudness, size_t count, double deviation, double most);

/* Release: a loudness (count frames) falls at most by the factor `decay` from frame to frame, until it is
 * inaudible. */
void sharpen_release(float *loudness, size_t count, float decay);

#endif
