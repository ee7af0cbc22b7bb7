/* The harmonic analysis of chunks-to-keys(1); capital letters in comments are those of its formulas. */
#include "common/analysis/harmonic.h"

#include <float.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#include "common/analysis/harmonic-shares.h"
#include "common/analysis/key-envelopes.h"
#include "common/analysis/median.h"
#include "common/level.h"
#include "common/memory.h"

enum {
    BANDS = HARMONIC_BANDS,
    PARTIALS = 10,
    TONE_FRAMES = 11,
    NOISE_BANDS = 15,
    WHITENING_BANDS = 13,
    SMOOTH_FRAMES = 9
};

static const double COMPRESSION = 0.6, WHITENING = 0.3;
/* The wide band is so many times as wide as the narrow one, and at least so wide, in Hz: narrower it would
 * answer more slowly than in a frame. */
static const double WIDE_FACTOR = 4, WIDE_LEAST = 8;
static const float NOISE_WEIGHT = 0.3F;
/* The RMS of a band counts as at least this share of the largest. */
static const double RMS_LEAST = 1e-4;
/* Plain sines on keys 27-59 have less than this share of their energy above key 62. */
static const double SINES_ENERGY = 3e-4;

struct harmonic {
    size_t samples, frames;
    struct key_range keys;
    struct key_width narrow;
    struct key_envelopes *envelopes;
    struct harmonic_templates tones, sines;
    size_t waves;        /* that bands and spectrogram have room for */
    float *bands;        /* (waves, BANDS, frames): B, over the largest loudness */
    float *spectrogram;  /* (waves, BANDS, frames): V, made of B */
    float *share;        /* (HARMONIC_NOTES, frames): S */
    float *tone, *noise; /* (frames): medians over time and over bands, h and p; also scratch memory */
};

struct harmonic *harmonic_new_or_die(size_t samples, double rate, size_t frame_samples, struct key_range keys,
                                     struct key_width width)
{
    struct harmonic *h = allocate_or_die(1, sizeof *h);
    h->samples = samples;
    h->frames = (samples + frame_samples - 1) / frame_samples;
    h->keys = keys;
    h->narrow = width;
    h->envelopes = key_envelopes_new_or_die(samples, rate, frame_samples);
    harmonic_templates_make_or_die(&h->tones, width, PARTIALS, COMPRESSION);
    harmonic_templates_make_or_die(&h->sines, width, 1, COMPRESSION);
    h->share = allocate_or_die(HARMONIC_NOTES * h->frames, sizeof *h->share);
    h->tone = allocate_or_die(h->frames, sizeof *h->tone);
    h->noise = allocate_or_die(h->frames, sizeof *h->noise);
    return h;
}

/* spectrogram = bands tone^2 / (tone^2 + 0.3 noise^2), of one wave: keeps sound that lasts, the median over
 * time, and masks percussion, the median over bands (Fitzgerald, "Harmonic/percussive separation using median
 * filtering", 2010). */
static void mask_percussion(struct harmonic *h, float *spectrogram, const float *bands)
{
    size_t frames = h->frames;
    for (int j = 0; j < BANDS; j++) {
        const float *row[NOISE_BANDS], *band = bands + (size_t)j * frames;
        for (int r = 0; r < NOISE_BANDS; r++) {
            int near = j + r - NOISE_BANDS / 2;
            row[r] = bands + (size_t)(near < 0 ? 0 : near < BANDS ? near : BANDS - 1) * frames;
        }
        median_of_rows(h->noise, row, NOISE_BANDS, frames);
        median_over_time(h->tone, band, frames, TONE_FRAMES);
        for (size_t t = 0; t < frames; t++, spectrogram++) {
            float tone = h->tone[t] * h->tone[t], noise = NOISE_WEIGHT * h->noise[t] * h->noise[t];
            *spectrogram = tone > 0 ? band[t] * tone / (tone + noise) : 0;
        }
    }
}

/* gain[j] = (e_j / the largest e)^-0.3; e_j is the RMS of band j in all waves, then its geometric mean over
 * 13 bands. */
static void whitening_gains(double *gain, const struct harmonic *h, size_t count)
{
    double rms[BANDS] = {0}, largest = 0, smoothest = 0;
    for (int j = 0; j < BANDS; j++) {
        for (size_t wave = 0; wave < count; wave++) {
            const float *spectrogram = h->spectrogram + (wave * BANDS + (size_t)j) * h->frames;
            for (size_t t = 0; t < h->frames; t++) rms[j] += (double)spectrogram[t] * (double)spectrogram[t];
        }
        rms[j] = sqrt(rms[j]);
        largest = fmax(largest, rms[j]);
    }
    for (int j = 0; j < BANDS; j++) {
        int first = j < WHITENING_BANDS / 2 ? 0 : j - WHITENING_BANDS / 2;
        int last = j + WHITENING_BANDS / 2 < BANDS ? j + WHITENING_BANDS / 2 : BANDS - 1;
        double sum = 0;
        for (int near = first; near <= last; near++)
            sum += log(fmax(rms[near], fmax(RMS_LEAST * largest, DBL_MIN)));
        gain[j] = exp(sum / (last - first + 1));
        smoothest = fmax(smoothest, gain[j]);
    }
    for (int j = 0; j < BANDS; j++) gain[j] = pow(gain[j] / smoothest, -WHITENING);
}

/* spectrogram <- (spectrogram * gain / the largest value)^0.6 */
static void whiten(struct harmonic *h, size_t count)
{
    double gain[BANDS];
    whitening_gains(gain, h, count);
    for (size_t j = 0; j < count * BANDS; j++)
        level_scale(h->spectrogram + j * h->frames, h->frames, (float)gain[j % BANDS]);
    size_t cells = count * BANDS * h->frames;
    float largest = fmaxf(level_peak(h->spectrogram, cells), FLT_MIN);
    for (size_t i = 0; i < cells; i++)
        h->spectrogram[i] = powf(h->spectrogram[i] / largest, (float)COMPRESSION);
}

/* Of the bands of keys first … last, in all waves. */
static double energy(const struct harmonic *h, size_t count, int first, int last)
{
    double sum = 0;
    for (size_t wave = 0; wave < count; wave++) {
        const float *bands = h->bands + (wave * BANDS + (size_t)(first - HARMONIC_LOWEST)) * h->frames;
        for (size_t i = 0; i < (size_t)(last - first + 1) * h->frames; i++)
            sum += (double)bands[i] * (double)bands[i];
    }
    return sum;
}

static bool are_sines(const struct harmonic *h, size_t count)
{
    int last = HARMONIC_LOWEST + BANDS - 1;
    return energy(h, count, 63, last) <
           SINES_ENERGY * energy(h, count, KEYS_FIRST_DEFAULT, KEYS_LAST_DEFAULT);
}

/* smooth[t] = the median of nine values around frame t + 1: a measured loudness follows its note in the
 * score by about a frame. */
static void median_of_next(struct harmonic *h, float *smooth, const float *values)
{
    median_over_time(h->noise, values, h->frames, SMOOTH_FRAMES);
    for (size_t t = 0; t < h->frames; t++)
        smooth[t] = h->noise[t + HARMONIC_LEAD < h->frames ? t + HARMONIC_LEAD : h->frames - 1];
}

/* own = scale * band * share, loudness = scale * band * share^(1/4), then running medians of both. */
static void own_loudness(struct harmonic *h, float *loudness, float *own, const float *band,
                         const float *share, float scale)
{
    for (size_t t = 0; t < h->frames; t++) h->tone[t] = scale * band[t] * share[t];
    median_of_next(h, own, h->tone);
    for (size_t t = 0; t < h->frames; t++) h->tone[t] = scale * band[t] * sqrtf(sqrtf(share[t]));
    median_of_next(h, loudness, h->tone);
}

/* bands = the lesser of the loudnesses of a narrow band, which separates neighbouring keys, and a wide one,
 * which follows changes without delay, over the largest loudness of a narrow band; returns that. */
static float measure_bands(struct harmonic *h, const float *waves, size_t count)
{
    size_t cells = count * BANDS * h->frames;
    float largest = 0, *band = h->bands;
    for (size_t i = 0; i < count; i++) {
        key_envelopes_take(h->envelopes, waves + i * h->samples);
        for (int j = 0; j < BANDS; j++, band += h->frames) {
            struct key_width wide = {
                fmax(WIDE_FACTOR * key_sigma(h->narrow, HARMONIC_LOWEST + j), WIDE_LEAST), false};
            key_envelopes_loudness(h->envelopes, band, HARMONIC_LOWEST + j, h->narrow);
            key_envelopes_loudness(h->envelopes, h->tone, HARMONIC_LOWEST + j, wide);
            largest = fmaxf(largest, level_peak(band, h->frames));
            for (size_t t = 0; t < h->frames; t++) band[t] = band[t] < h->tone[t] ? band[t] : h->tone[t];
        }
    }
    for (size_t i = 0; i < cells && largest > 0; i++) h->bands[i] /= largest;
    return largest;
}

static void make_room_or_die(struct harmonic *h, size_t count)
{
    if (count <= h->waves) return;
    h->bands = reallocate_or_die(h->bands, count * BANDS * h->frames, sizeof *h->bands);
    h->spectrogram = reallocate_or_die(h->spectrogram, count * BANDS * h->frames, sizeof *h->spectrogram);
    h->waves = count;
}

void harmonic_apply(struct harmonic *h, float *loudness, float *own, size_t stride, const float *waves,
                    size_t count)
{
    size_t frames = h->frames, size = BANDS * frames, keys = (size_t)(h->keys.last - h->keys.first + 1);
    make_room_or_die(h, count);
    float largest = measure_bands(h, waves, count);
    for (size_t i = 0; (largest == 0 || isinf(largest)) && i < count * keys * frames; i++) {
        size_t at = i / (keys * frames) * stride + i % (keys * frames);
        loudness[at] = own[at] = largest;
    }
    if (largest == 0 || isinf(largest)) return;
    for (size_t i = 0; i < count; i++) mask_percussion(h, h->spectrogram + i * size, h->bands + i * size);
    whiten(h, count);
    const struct harmonic_templates *templates = are_sines(h, count) ? &h->sines : &h->tones;
    for (size_t i = 0; i < count; i++) {
        harmonic_shares(h->share, h->spectrogram + i * size, frames, templates);
        for (size_t k = 0; k < keys; k++) {
            size_t note = k + (size_t)h->keys.first - 1, band = note + (size_t)(1 - HARMONIC_LOWEST);
            own_loudness(h, loudness + i * stride + k * frames, own + i * stride + k * frames,
                         h->bands + i * size + band * frames, h->share + note * frames, largest);
        }
    }
}

void harmonic_free(struct harmonic *h)
{
    if (!h) return;
    key_envelopes_free(h->envelopes);
    harmonic_templates_free(&h->tones);
    harmonic_templates_free(&h->sines);
    void *blocks[] = {h->bands, h->spectrogram, h->share, h->tone, h->noise, h};
    for (size_t i = 0; i < sizeof blocks / sizeof *blocks; i++) free(blocks[i]);
}
