/* The Gaussian mask of a key's band over the bins of a wave's spectrum. Masks are computed each time: those
 * of a long wave would take several times its memory. */
#ifndef COMMON_ANALYSIS_KEY_BAND_H
#define COMMON_ANALYSIS_KEY_BAND_H

#include <complex.h>
#include <stddef.h>

#include "common/keys/key-width.h"

/* The mask is exp(-1/2 (start + j step)^2) at the spectrum's bins first + j, j < bins. */
struct key_band {
    size_t first, bins;
    double start, step; /* in sigmas: distance of the first bin from the key, and between bins */
};

/* The bins that lie within `sigmas` of a key, in the spectrum (length / 2 + 1) of a wave of `length` samples
 * at `rate` Hz; the key is not above rate / 2. */
struct key_band key_band_make(int key, struct key_width width, double sigmas, double rate, size_t length);

/* sum[(slot + j) mod points] += mask[j] * spectrum[first + j]; slot < points. */
void key_band_add(double complex *sum, size_t points, size_t slot, const double complex *spectrum,
                  const struct key_band *band);

#endif
