/* Loudness of keys by FFT: the band method. */
#include "common/analysis/key-transform.h"

#include <complex.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/analysis/key-band.h"
#include "common/analysis/spectrum.h"
#include "common/memory.h"

/* A mask ends this many sigma from the key, at 1.5e-8. */
static const double MASK_SIGMAS = 6;

/* The transforms of an envelope; keys whose envelopes have the same size share them, for planning takes
 * longer than a transform. */
struct envelope_plans {
    size_t points;
    struct fourier *back, *forth;
};

struct key {
    struct key_band band;
    size_t points; /* of the envelope: at least 2 bins - 1: no product of two bins aliases */
    const struct envelope_plans *plans; /* for so many points */
};

struct key_transform {
    size_t frame_samples, frames;
    int keys;
    struct spectrum spectrum;
    struct key key[KEYBOARD_KEYS];
    struct envelope_plans plans[KEYBOARD_KEYS]; /* the first with 0 points ends them */
    double complex *kernel;                     /* (2 * last bin + 1): Dirichlet's, indexed by frequency */
    double complex *bins;                       /* (points): the masked spectrum; then the spectrum of a^2 */
    double complex *envelope;                   /* (points): the envelope a; then a^2 */
    double complex *power;                      /* (points): |a|^2 */
    double complex *powers;                     /* (points): spectrum of |a|^2 */
    double complex *folded; /* (frames): both spectra times the kernel, aliased to the frame rate */
    double complex *half;   /* (frames / 2 + 1): Hermitian half of `folded`, for a real result */
    double *sums;           /* (frames): twice the sum of band^2 over the frame */
    struct fourier *synthesise;
};

/* kernel[u] = sum over r < frame_samples of exp(2 pi i u r / length), u < count <= length + 1. */
static void kernel_make(double complex *kernel, size_t count, size_t frame_samples, size_t frames)
{
    double length = (double)(frame_samples * frames);
    for (size_t u = 0; u < count; u++) {
        if (u % (frame_samples * frames) == 0) {
            kernel[u] = (double)frame_samples;
            continue;
        }
        double size =
            sin(M_PI * (double)(u % (2 * frames)) / (double)frames) / sin(M_PI * (double)u / length);
        kernel[u] = size * cexp(I * M_PI * (double)u * (double)(frame_samples - 1) / length);
    }
}

static const struct envelope_plans *plans_for_or_die(struct key_transform *t, size_t points)
{
    struct envelope_plans *plans = t->plans;
    while (plans->points != points && plans->points != 0) plans++;
    if (plans->points == points) return plans;
    plans->points = points;
    plans->back = fourier_complex_inverse_or_die(points, t->bins, t->envelope);
    plans->forth = fourier_complex_or_die(points, t->envelope, t->bins);
    return plans;
}

struct key_transform *key_transform_new_or_die(size_t samples, double rate, size_t frame_samples,
                                               struct key_range keys, struct key_width width)
{
    struct key_transform *t = allocate_or_die(1, sizeof *t);
    t->frame_samples = frame_samples;
    t->frames = (samples + frame_samples - 1) / frame_samples;
    t->keys = keys.last - keys.first + 1;
    spectrum_make_or_die(&t->spectrum, samples, t->frames * frame_samples);

    size_t points = 0, last = 0;
    for (int k = 0; k < t->keys; k++) {
        struct key_band band = key_band_make(keys.first + k, width, MASK_SIGMAS, rate, t->spectrum.length);
        t->key[k] = (struct key){.band = band, .points = fourier_quick_length(2 * band.bins - 1)};
        if (t->key[k].points > points) points = t->key[k].points;
        if (band.first + band.bins - 1 > last) last = band.first + band.bins - 1;
    }
    t->kernel = allocate_or_die(2 * last + 1, sizeof *t->kernel);
    t->bins = allocate_or_die(points, sizeof *t->bins);
    t->envelope = allocate_or_die(points, sizeof *t->envelope);
    t->power = allocate_or_die(points, sizeof *t->power);
    t->powers = allocate_or_die(points, sizeof *t->powers);
    t->folded = allocate_or_die(t->frames, sizeof *t->folded);
    t->half = allocate_or_die(t->frames / 2 + 1, sizeof *t->half);
    t->sums = allocate_or_die(t->frames, sizeof *t->sums);
    kernel_make(t->kernel, 2 * last + 1, frame_samples, t->frames);
    t->synthesise = fourier_real_inverse_or_die(t->frames, t->half, t->sums);
    for (int k = 0; k < t->keys; k++) t->key[k].plans = plans_for_or_die(t, t->key[k].points);
    return t;
}

/* folded[u mod frames] += scale * value[j] * kernel[u] for u = first + j, j < count. In real numbers: C's
 * complex product checks for NaN and does not vectorise. */
static void fold(struct key_transform *t, const double complex *value, size_t first, size_t count,
                 double scale)
{
    size_t slot = first % t->frames;
    for (size_t j = 0; j < count; slot = 0) {
        size_t run = t->frames - slot < count - j ? t->frames - slot : count - j;
        double *restrict target = (double *)(t->folded + slot);
        const double *restrict a = (const double *)(value + j);
        const double *restrict b = (const double *)(t->kernel + first + j);
        for (size_t i = 0; i < run; i++) {
            target[2 * i] += scale * (a[2 * i] * b[2 * i] - a[2 * i + 1] * b[2 * i + 1]);
            target[2 * i + 1] += scale * (a[2 * i] * b[2 * i + 1] + a[2 * i + 1] * b[2 * i]);
        }
        j += run;
    }
}

/* powers = the spectrum of |a|^2; bins = the spectrum of a^2, which begins at twice the band's first
 * frequency. */
static void band_spectra(struct key_transform *t, const struct key *key)
{
    memset(t->bins, 0, key->points * sizeof *t->bins);
    key_band_add(t->bins, key->points, 0, t->spectrum.bins, &key->band);
    fourier_run(key->plans->back);

    double *a = (double *)t->envelope;
    for (size_t i = 0; i < key->points; i++) {
        double re = a[2 * i], im = a[2 * i + 1];
        t->power[i] = re * re + im * im;
        a[2 * i] = re * re - im * im;
        a[2 * i + 1] = 2 * re * im;
    }
    fourier_run_on(key->plans->forth, t->power, t->powers);
    fourier_run(key->plans->forth);
}

/* sums[t] = the real part of the sum over u of folded[u] exp(2 pi i u t / frames). */
static void unfold(struct key_transform *t)
{
    for (size_t u = 0; u <= t->frames / 2; u++)
        t->half[u] = 0.5 * (t->folded[u] + conj(t->folded[u > 0 ? t->frames - u : 0]));
    fourier_run(t->synthesise);
}

void key_transform_apply(struct key_transform *t, float *loudness, const float *wave)
{
    spectrum_take(&t->spectrum, wave);
    for (int k = 0; k < t->keys; k++, loudness += t->frames) {
        const struct key_band *band = &t->key[k].band;
        double scale = 1 / (double)t->key[k].points;
        band_spectra(t, &t->key[k]);
        memset(t->folded, 0, t->frames * sizeof *t->folded);
        fold(t, t->powers, 0, 1, scale);
        /* Twice, for the conjugates at negative frequencies, which have the same real part. */
        fold(t, t->powers + 1, 1, band->bins - 1, 2 * scale);
        fold(t, t->bins, 2 * band->first, 2 * band->bins - 1, scale);
        unfold(t);
        for (size_t i = 0; i < t->frames; i++) {
            double square = t->sums[i] / (2 * (double)t->frame_samples);
            loudness[i] = (float)sqrt(square > 0 ? square : 0);
        }
    }
}

void key_transform_free(struct key_transform *t)
{
    if (!t) return;
    for (struct envelope_plans *plans = t->plans; plans < t->plans + t->keys; plans++) {
        fourier_free(plans->back);
        fourier_free(plans->forth);
    }
    fourier_free(t->synthesise);
    spectrum_free(&t->spectrum);
    void *blocks[] = {t->kernel, t->bins, t->envelope, t->power, t->powers, t->folded, t->half, t->sums, t};
    for (size_t i = 0; i < sizeof blocks / sizeof *blocks; i++) free(blocks[i]);
}
