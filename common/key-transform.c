#include "common/key-transform.h"

#include <complex.h>
#include <fftw3.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/fail.h"
#include "common/memory.h"

/* A mask ends this many sigma from the key, at 1.5e-8 and at 4e-5. */
static const double MASK_SIGMAS = 6, ENVELOPE_SIGMAS = 4.5;
/* At which an envelope is taken. */
static const double INSTANTS_A_SECOND = 200, INSTANTS_LEAST = 4;

/* What one key lets through: bins first … first + bins - 1 of the wave's spectrum. */
struct band {
    size_t first, bins;
    size_t points;  /* of the envelope: at least 2 bins - 1, so that no product of two bins aliases */
    double *weight; /* (bins): the mask, and the inverse transform's 2 / N */
    fftw_plan envelope, power, square;
};

struct key_transform {
    size_t samples, interval, frames;
    size_t length; /* frames * interval */
    int keys;
    struct band band[KEYBOARD_KEYS];
    double *wave;             /* (length) */
    double complex *spectrum; /* (length / 2 + 1) */
    double complex *kernel;   /* (2 * last bin + 1): Dirichlet's, by frequency */
    double complex *bins;     /* (points): what the mask leaves; then the spectrum of a^2 */
    double complex *envelope; /* (points): a; then a^2 */
    double *power;            /* (points): |a|^2 */
    double complex *powers;   /* (points / 2 + 1): its spectrum */
    double complex *folded;   /* (frames): both spectra, under the kernel, modulo the frame rate */
    double complex *half;     /* (frames / 2 + 1): the half of `folded` that a real result needs */
    double *sums;             /* (frames): of band^2, doubled */
    fftw_plan analyse, synthesise;
};

/* The next size that FFTW is quick at: 4, 5, 6 or 7 times a power of two. */
static size_t quick_size(size_t least)
{
    size_t power = 1;
    while (8 * power <= least) power *= 2;
    return (least + power - 1) / power * power;
}

static fftw_plan planned_or_die(fftw_plan plan)
{
    if (!plan) die("FFTW cannot plan a transform");
    return plan;
}

/* FFTW_ESTIMATE throughout: a plan chosen by timing would give other last bits from run to run. */
static void plan_all_or_die(struct key_transform *t)
{
    t->analyse = planned_or_die(fftw_plan_dft_r2c_1d((int)t->length, t->wave, t->spectrum, FFTW_ESTIMATE));
    t->synthesise = planned_or_die(fftw_plan_dft_c2r_1d((int)t->frames, t->half, t->sums, FFTW_ESTIMATE));
    for (int k = 0; k < t->keys; k++) {
        struct band *band = &t->band[k];
        int points = (int)band->points;
        band->envelope =
            planned_or_die(fftw_plan_dft_1d(points, t->bins, t->envelope, FFTW_BACKWARD, FFTW_ESTIMATE));
        band->power = planned_or_die(fftw_plan_dft_r2c_1d(points, t->power, t->powers, FFTW_ESTIMATE));
        band->square =
            planned_or_die(fftw_plan_dft_1d(points, t->envelope, t->bins, FFTW_FORWARD, FFTW_ESTIMATE));
    }
}

static void band_make(struct band *band, double frequency, double sigma, double sigmas, double spacing,
                      size_t length)
{
    double low = floor((frequency - sigmas * sigma) / spacing);
    double high = ceil((frequency + sigmas * sigma) / spacing);
    band->first = low > 0 ? (size_t)low : 0;
    size_t last = high < (double)(length / 2) ? (size_t)high : length / 2;
    band->bins = last - band->first + 1;
    band->points = quick_size(2 * band->bins - 1);
    band->weight = allocate_or_die(band->bins, sizeof *band->weight);
    for (size_t j = 0; j < band->bins; j++) {
        size_t bin = band->first + j;
        double distance = ((double)bin * spacing - frequency) / sigma;
        bool single = bin == 0 || 2 * bin == length; /* such a bin has no mirror image */
        band->weight[j] = exp(-0.5 * distance * distance) * (single ? 1 : 2) / (double)length;
    }
}

/* kernel[u] = sum over r < interval of exp(2 pi i u r / length), u < count <= length + 1. */
static void kernel_make(double complex *kernel, size_t count, size_t interval, size_t frames)
{
    double length = (double)(interval * frames);
    for (size_t u = 0; u < count; u++) {
        if (u % (interval * frames) == 0) {
            kernel[u] = (double)interval;
            continue;
        }
        double size =
            sin(M_PI * (double)(u % (2 * frames)) / (double)frames) / sin(M_PI * (double)u / length);
        kernel[u] = size * cexp(I * M_PI * (double)u * (double)(interval - 1) / length);
    }
}

struct key_transform *key_transform_new_or_die(size_t samples, double rate, size_t interval,
                                               struct key_range keys, struct key_width width)
{
    struct key_transform *t = allocate_or_die(1, sizeof *t);
    t->samples = samples;
    t->interval = interval;
    t->frames = (samples + interval - 1) / interval;
    t->length = t->frames * interval;
    t->keys = keys.last - keys.first + 1;

    size_t points = 0, last = 0;
    for (int k = 0; k < t->keys; k++) {
        struct band *band = &t->band[k];
        int key = keys.first + k;
        band_make(band, key_frequency(key), key_sigma(width, key), MASK_SIGMAS, rate / (double)t->length,
                  t->length);
        if (band->points > points) points = band->points;
        if (band->first + band->bins - 1 > last) last = band->first + band->bins - 1;
    }
    t->wave = allocate_or_die(t->length, sizeof *t->wave);
    t->spectrum = allocate_or_die(t->length / 2 + 1, sizeof *t->spectrum);
    t->kernel = allocate_or_die(2 * last + 1, sizeof *t->kernel);
    t->bins = allocate_or_die(points, sizeof *t->bins);
    t->envelope = allocate_or_die(points, sizeof *t->envelope);
    t->power = allocate_or_die(points, sizeof *t->power);
    t->powers = allocate_or_die(points / 2 + 1, sizeof *t->powers);
    t->folded = allocate_or_die(t->frames, sizeof *t->folded);
    t->half = allocate_or_die(t->frames / 2 + 1, sizeof *t->half);
    t->sums = allocate_or_die(t->frames, sizeof *t->sums);
    kernel_make(t->kernel, 2 * last + 1, interval, t->frames);
    plan_all_or_die(t);
    return t;
}

/* folded[u mod frames] += scale * value[j] * kernel[u] for u = first + j, j < count. In reals: C's complex
 * product looks for NaN and does not vectorise. */
static void fold(struct key_transform *t, const double complex *value, size_t first, size_t count,
                 double scale)
{
    size_t slot = first % t->frames;
    for (size_t j = 0; j < count; slot = 0) {
        size_t run = t->frames - slot < count - j ? t->frames - slot : count - j;
        double *restrict to = (double *)(t->folded + slot);
        const double *restrict a = (const double *)(value + j);
        const double *restrict b = (const double *)(t->kernel + first + j);
        for (size_t i = 0; i < run; i++) {
            to[2 * i] += scale * (a[2 * i] * b[2 * i] - a[2 * i + 1] * b[2 * i + 1]);
            to[2 * i + 1] += scale * (a[2 * i] * b[2 * i + 1] + a[2 * i + 1] * b[2 * i]);
        }
        j += run;
    }
}

/* powers = the spectrum of |a|^2, bins = the spectrum of a^2, whose frequencies begin at twice the band's. */
static void band_spectra(struct key_transform *t, const struct band *band)
{
    for (size_t j = 0; j < band->bins; j++) t->bins[j] = t->spectrum[band->first + j] * band->weight[j];
    memset(t->bins + band->bins, 0, (band->points - band->bins) * sizeof *t->bins);
    fftw_execute(band->envelope);

    double *a = (double *)t->envelope;
    for (size_t i = 0; i < band->points; i++) {
        double re = a[2 * i], im = a[2 * i + 1];
        t->power[i] = re * re + im * im;
        a[2 * i] = re * re - im * im;
        a[2 * i + 1] = 2 * re * im;
    }
    fftw_execute(band->power);
    fftw_execute(band->square);
}

/* sums[t] = the real part of the sum over u of folded[u] exp(2 pi i u t / frames). */
static void unfold(struct key_transform *t)
{
    for (size_t u = 0; u <= t->frames / 2; u++)
        t->half[u] = 0.5 * (t->folded[u] + conj(t->folded[(t->frames - u) % t->frames]));
    fftw_execute(t->synthesise);
}

void key_transform_apply(struct key_transform *t, float *loudness, const float *wave)
{
    for (size_t i = 0; i < t->samples; i++) t->wave[i] = wave[i];
    memset(t->wave + t->samples, 0, (t->length - t->samples) * sizeof *t->wave);
    fftw_execute(t->analyse);

    for (int k = 0; k < t->keys; k++, loudness += t->frames) {
        const struct band *band = &t->band[k];
        double scale = 1 / (double)band->points;
        band_spectra(t, band);
        memset(t->folded, 0, t->frames * sizeof *t->folded);
        fold(t, t->powers, 0, 1, scale);
        /* Twice: the conjugate at -u has the same real part. */
        fold(t, t->powers + 1, 1, band->bins - 1, 2 * scale);
        fold(t, t->bins, 2 * band->first, 2 * band->bins - 1, scale);
        unfold(t);
        for (size_t i = 0; i < t->frames; i++)
            loudness[i] = (float)sqrt(fmax(0, t->sums[i] / (2 * (double)t->interval)));
    }
}

void key_transform_free(struct key_transform *t)
{
    if (!t) return;
    for (int k = 0; k < t->keys; k++) {
        fftw_destroy_plan(t->band[k].envelope);
        fftw_destroy_plan(t->band[k].power);
        fftw_destroy_plan(t->band[k].square);
        free(t->band[k].weight);
    }
    fftw_destroy_plan(t->analyse);
    fftw_destroy_plan(t->synthesise);
    void *blocks[] = {t->wave,   t->spectrum, t->kernel, t->bins, t->envelope, t->power, t->powers,
                      t->folded, t->half,     t->sums,   t};
    for (size_t i = 0; i < sizeof blocks / sizeof *blocks; i++) free(blocks[i]);
}

struct key_bands {
    size_t samples, frames, instants; /* the last: of an interval */
    size_t length, points;            /* of the padded wave, of an envelope */
    int keys, held;                   /* those below half of the rate */
    struct band *band;                /* (held) */
    double *wave;                     /* (length) */
    double complex *spectrum, *envelope;
    fftw_plan analyse, synthesise;
};

struct key_bands *key_bands_new_or_die(size_t samples, double rate, size_t interval, struct key_range keys,
                                       struct key_width width)
{
    struct key_bands *b = allocate_or_die(1, sizeof *b);
    b->samples = samples;
    b->frames = (samples + interval - 1) / interval;
    b->instants = (size_t)fmax(INSTANTS_LEAST, round((double)interval / rate * INSTANTS_A_SECOND));
    b->points = b->instants * quick_size(b->frames);
    b->length = b->points / b->instants * interval;
    b->keys = keys.last - keys.first + 1;
    b->band = allocate_or_die((size_t)b->keys, sizeof *b->band);
    double spacing = rate / (double)b->length;
    for (int key = keys.first; key <= keys.last && key_frequency(key) <= rate / 2; key++)
        band_make(&b->band[b->held++], key_frequency(key), key_sigma(width, key), ENVELOPE_SIGMAS, spacing,
                  b->length);
    b->wave = allocate_or_die(b->length, sizeof *b->wave);
    b->spectrum = allocate_or_die(b->length / 2 + 1, sizeof *b->spectrum);
    b->envelope = allocate_or_die(b->points, sizeof *b->envelope);
    b->analyse = planned_or_die(fftw_plan_dft_r2c_1d((int)b->length, b->wave, b->spectrum, FFTW_ESTIMATE));
    b->synthesise = planned_or_die(
        fftw_plan_dft_1d((int)b->points, b->envelope, b->envelope, FFTW_BACKWARD, FFTW_ESTIMATE));
    return b;
}

/* envelope = a at its instants: a bin beyond their rate has the values of its alias. */
static void band_envelope(struct key_bands *b, const struct band *band)
{
    memset(b->envelope, 0, b->points * sizeof *b->envelope);
    size_t slot = band->first % b->points;
    for (size_t j = 0; j < band->bins; j++) {
        b->envelope[slot] += b->spectrum[band->first + j] * band->weight[j];
        if (++slot == b->points) slot = 0;
    }
    fftw_execute(b->synthesise);
}

void key_bands_apply(struct key_bands *b, float *loudness, const float *wave)
{
    memset(loudness, 0, (size_t)b->keys * b->frames * sizeof *loudness);
    for (size_t i = 0; i < b->samples; i++) b->wave[i] = wave[i];
    memset(b->wave + b->samples, 0, (b->length - b->samples) * sizeof *b->wave);
    fftw_execute(b->analyse);

    for (int k = 0; k < b->held; k++, loudness += b->frames) {
        band_envelope(b, &b->band[k]);
        const double *a = (const double *)b->envelope;
        for (size_t t = 0; t < b->frames; t++, a += 2 * b->instants) {
            double sum = 0;
            for (size_t i = 0; i < 2 * b->instants; i++) sum += a[i] * a[i];
            loudness[t] = (float)sqrt(sum / (2 * (double)b->instants));
        }
    }
}

void key_bands_free(struct key_bands *b)
{
    if (!b) return;
    for (int k = 0; k < b->held; k++) free(b->band[k].weight);
    fftw_destroy_plan(b->analyse);
    fftw_destroy_plan(b->synthesise);
    void *blocks[] = {b->band, b->wave, b->spectrum, b->envelope, b};
    for (size_t i = 0; i < sizeof blocks / sizeof *blocks; i++) free(blocks[i]);
}
