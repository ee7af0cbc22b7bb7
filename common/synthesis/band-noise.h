/* Noise of a band of frequencies. */
#ifndef COMMON_SYNTHESIS_BAND_NOISE_H
#define COMMON_SYNTHESIS_BAND_NOISE_H

#include <stddef.h>
#include <stdint.h>

/* A band, and how far beyond it the noise goes on. */
struct band {
    double low, high; /* Hz: what of the noise counts */
    double top;       /* Hz: where the noise ends; high or more */
};

/* noise (count) at `rate` samples a second, more than twice band.low: white noise, the random numbers of seed
 * 0 and `purpose`, through Butterworth filters of fourth order: a high-pass at band.low, and a low-pass at
 * band.top unless half of the rate is about there or below. The part of it within the band has an RMS of 1 in
 * the mean. Returns the share that this part has of the power. */
double band_noise(float *noise, size_t count, double rate, struct band band, uint32_t purpose);

#endif
