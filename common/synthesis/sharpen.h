/* A narrow band answers slowly: what a key does in a moment reaches its loudness as a Gaussian of standard
 * deviation 1 / (2 pi sigma) seconds, 88 ms for a quarter of a semitone at key 27. Short notes come out too
 * soft, and a threshold then takes their ends away. */
#ifndef COMMON_SYNTHESIS_SHARPEN_H
#define COMMON_SYNTHESIS_SHARPEN_H

#include <stddef.h>

/* Multiplies each loudness of a key (count frames) by its ratio to the same row blurred by that Gaussian
 * once more, at most by `most`: what a second listening would take is given beforehand. `deviation` is the
 * Gaussian's standard deviation in frames. Where nothing changes within its reach, all stays as it is. */
void sharpen(float *loudness, size_t count, double deviation, double most);

/* Lets a key ring on: its loudness (count frames) falls by no more than the factor `decay` an interval,
 * until it is inaudible. */
void ring_on(float *loudness, size_t count, float decay);

#endif
