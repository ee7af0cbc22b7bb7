/* The envelopes of the bands of keys, sampled at a low rate. */
#include "common/analysis/key-envelopes.h"

#include <complex.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/analysis/key-band.h"
#include "common/analysis/spectrum.h"
#include "common/keys/keyboard.h"
#include "common/memory.h"

/* A mask ends this many sigma from the key, at 4e-5. */
static const double ENVELOPE_SIGMAS = 4.5;
/* Points in time at which an envelope is sampled. */
static const double INSTANTS_A_SECOND = 200, INSTANTS_LEAST = 4; /* the latter a frame */

struct key_envelopes {
    size_t frames, instants; /* instants of a frame */
    size_t points;           /* of an envelope */
    double rate;
    struct spectrum spectrum;
    double complex *envelope; /* (points) */
    struct fourier *synthesise;
};

struct key_envelopes *key_envelopes_new_or_die(size_t samples, double rate, size_t frame_samples)
{
    struct key_envelopes *e = allocate_or_die(1, sizeof *e);
    e->rate = rate;
    e->frames = (samples + frame_samples - 1) / frame_samples;
    e->instants = (size_t)fmax(INSTANTS_LEAST, round((double)frame_samples / rate * INSTANTS_A_SECOND));
    e->points = e->instants * fourier_quick_length(e->frames);
    spectrum_make_or_die(&e->spectrum, samples, e->points / e->instants * frame_samples);
    e->envelope = allocate_or_die(e->points, sizeof *e->envelope);
    e->synthesise = fourier_complex_inverse_or_die(e->points, e->envelope, e->envelope);
    return e;
}

void key_envelopes_take(struct key_envelopes *e, const float *wave)
{
    spectrum_take(&e->spectrum, wave);
}

void key_envelopes_loudness(struct key_envelopes *e, float *loudness, int key, struct key_width width)
{
    memset(loudness, 0, e->frames * sizeof *loudness);
    if (key_frequency(key) > e->rate / 2) return;
    struct key_band band = key_band_make(key, width, ENVELOPE_SIGMAS, e->rate, e->spectrum.length);
    memset(e->envelope, 0, e->points * sizeof *e->envelope);
    /* Sampling at the instants aliases the bins above their rate: slots wrap round. */
    key_band_add(e->envelope, e->points, band.first % e->points, e->spectrum.bins, &band);
    fourier_run(e->synthesise);

    const double *a = (const double *)e->envelope;
    for (size_t t = 0; t < e->frames; t++, a += 2 * e->instants) {
        double sum = 0;
        for (size_t i = 0; i < 2 * e->instants; i++) sum += a[i] * a[i];
        loudness[t] = (float)sqrt(sum / (2 * (double)e->instants));
    }
}

void key_envelopes_free(struct key_envelopes *e)
{
    if (!e) return;
    spectrum_free(&e->spectrum);
    fourier_free(e->synthesise);
    free(e->envelope);
    free(e);
}
