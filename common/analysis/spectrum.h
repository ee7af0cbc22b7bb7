/* The spectrum of a whole wave, padded with zeros. */
#ifndef COMMON_ANALYSIS_SPECTRUM_H
#define COMMON_ANALYSIS_SPECTRUM_H

#include <complex.h>
#include <stddef.h>

#include "common/analysis/fourier.h"

struct spectrum {
    size_t samples, length; /* of the wave, of the padded one */
    double complex *bins;   /* (length / 2 + 1): times 2 / length, for the inverse transform */
    double *wave;           /* (length): memory of its own, or that of the bins */
    struct fourier *fourier;
};

/* spectrum_free frees the memory. */
void spectrum_make_or_die(struct spectrum *spectrum, size_t samples, size_t length);

/* bins = the spectrum of wave (samples). */
void spectrum_take(struct spectrum *spectrum, const float *wave);

void spectrum_free(struct spectrum *spectrum);

#endif
