/* The spectrum of a whole wave. */
#include "common/analysis/spectrum.h"

#include <stdlib.h>
#include <string.h>

#include "common/memory.h"

/* FFTW transforms longer waves faster in place, shorter ones often faster from one array to another. */
static const size_t IN_PLACE_SAMPLES = 1 << 20;

void spectrum_make_or_die(struct spectrum *s, size_t samples, size_t length)
{
    s->samples = samples;
    s->length = length;
    s->bins = allocate_or_die(length / 2 + 1, sizeof *s->bins);
    s->wave = length > IN_PLACE_SAMPLES ? (double *)s->bins : allocate_or_die(length, sizeof *s->wave);
    s->fourier = fourier_real_or_die(length, s->wave, s->bins);
}

void spectrum_take(struct spectrum *s, const float *wave)
{
    for (size_t i = 0; i < s->samples; i++) s->wave[i] = 2 / (double)s->length * (double)wave[i];
    memset(s->wave + s->samples, 0, (s->length - s->samples) * sizeof *s->wave);
    fourier_run(s->fourier);
    s->bins[0] /= 2; /* this bin, and the last of an even length, has no mirror image */
    if (s->length % 2 == 0) s->bins[s->length / 2] /= 2;
}

void spectrum_free(struct spectrum *s)
{
    fourier_free(s->fourier);
    if (s->wave != (double *)s->bins) free(s->wave);
    free(s->bins);
}
