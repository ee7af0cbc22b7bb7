/* Drums, told from notes by medians of a spectrogram; capital letters in comments are those of
 * chunks-to-keys(1). */
#include "common/analysis/percussion.h"

#include <complex.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "common/analysis/fourier.h"
#include "common/analysis/median.h"
#include "common/analysis/note-threshold.h"
#include "common/level.h"
#include "common/memory.h"

enum {
    DRUMS = KEYBOARD_DRUMS,
    LASTING_FRAMES = 11,
    SHORTEST_FRAMES = 5,
    WIDE_ROWS = 15,
    HIGH_BINS = 2,   /* of the high band, that are one row of the spectrogram */
    BLOCK_FRAMES = 8 /* whose powers are written together: a row of them is a line of the cache */
};

/* How many times the power of what lasts is taken away from the loudness, and from what a threshold compares.
 */
static const float LASTING_OF_LOUDNESS = 2, LASTING_OF_OWN = 4;
/* A drum reaches this share of its band's largest in the recording, and this share of the RMS of all that
 * sounds in its band. */
static const double SHARE_OF_LARGEST[DRUMS] = {0.2, 0.2, 0.1}, SHARE_OF_RMS[DRUMS] = {0.4, 0.1, 0.3};

struct percussion {
    size_t samples, frame_samples, frames;
    size_t bins;              /* of the spectrum of two frames: frame_samples + 1 */
    size_t rows;              /* of A: a bin a row, in the high band two bins */
    size_t begin[DRUMS + 1];  /* first row of each band; the last is `rows` */
    double *window, *wave;    /* (2 * frame_samples) */
    double complex *spectrum; /* (bins) */
    struct fourier *fourier;
    float *block;                  /* (rows, BLOCK_FRAMES): A of some frames */
    float *power;                  /* (rows, frames): A */
    float *lasting, *wide, *least; /* (frames): H, P and scratch memory */
    size_t waves;                  /* that own has room for */
    float *own;                    /* (waves, DRUMS, frames) */
};

struct percussion *percussion_new_or_die(size_t samples, double rate, size_t frame_samples)
{
    struct percussion *p = allocate_or_die(1, sizeof *p);
    size_t length = 2 * frame_samples;
    p->samples = samples;
    p->frame_samples = frame_samples;
    p->frames = (samples + frame_samples - 1) / frame_samples;
    p->bins = frame_samples + 1;
    for (int d = 0; d < DRUMS; d++) {
        double first = ceil((d == DRUM_LOW ? 0 : DRUM_LIMITS[d]) * (double)length / rate);
        p->begin[d] = first < (double)p->bins ? (size_t)first : p->bins;
    }
    p->rows = p->begin[DRUM_HIGH] + (p->bins - p->begin[DRUM_HIGH] + HIGH_BINS - 1) / HIGH_BINS;
    p->begin[DRUMS] = p->rows;
    p->window = allocate_or_die(length, sizeof *p->window);
    p->wave = allocate_or_die(length, sizeof *p->wave);
    p->spectrum = allocate_or_die(p->bins, sizeof *p->spectrum);
    p->fourier = fourier_real_or_die(length, p->wave, p->spectrum);
    p->power = allocate_or_die(p->rows * p->frames, sizeof *p->power);
    p->block = allocate_or_die(p->rows * BLOCK_FRAMES, sizeof *p->block);
    p->lasting = allocate_or_die(p->frames, sizeof *p->lasting);
    p->wide = allocate_or_die(p->frames, sizeof *p->wide);
    p->least = allocate_or_die(p->frames, sizeof *p->least);
    /* Hann's window; the sum of its squares is 3/8 of its length. */
    for (size_t i = 0; i < length; i++)
        p->window[i] = (1 - cos(2 * M_PI * (double)i / (double)length)) * 0.5 / sqrt(0.375);
    return p;
}

/* block[*,i] = the powers of the wave, times scale, about frame t; their sum is the mean square. */
static void measure_frame(struct percussion *p, const float *wave, double scale, size_t t, size_t i)
{
    size_t length = 2 * p->frame_samples, before = p->frame_samples / 2, first = t * p->frame_samples;
    for (size_t j = 0; j < length; j++) {
        size_t at = first + j - before;
        p->wave[j] = first + j >= before && at < p->samples ? scale * p->window[j] * (double)wave[at] : 0;
    }
    fourier_run(p->fourier);
    const double *bin = (const double *)p->spectrum;
    for (size_t u = 0; u < p->bins; u++) {
        double mirrored = u == 0 || u + 1 == p->bins ? 1 : 2;
        double power = mirrored * (bin[2 * u] * bin[2 * u] + bin[2 * u + 1] * bin[2 * u + 1]);
        size_t high = u < p->begin[DRUM_HIGH] ? 0 : u - p->begin[DRUM_HIGH];
        float *row = p->block + (u - high + high / HIGH_BINS) * BLOCK_FRAMES;
        row[i] = (high % HIGH_BINS ? row[i] : 0) + (float)power;
    }
}

/* power = that of the wave divided by `largest`. */
static void measure_power(struct percussion *p, const float *wave, float largest)
{
    double scale = 1 / (2 * (double)p->frame_samples * (double)largest);
    for (size_t t = 0; t < p->frames; t += BLOCK_FRAMES) {
        size_t count = p->frames - t < BLOCK_FRAMES ? p->frames - t : BLOCK_FRAMES;
        for (size_t i = 0; i < count; i++) measure_frame(p, wave, scale, t + i, i);
        for (size_t r = 0; r < p->rows; r++)
            memcpy(p->power + r * p->frames + t, p->block + r * BLOCK_FRAMES, count * sizeof *p->power);
    }
}

static float larger(float a, float b)
{
    return a > b ? a : b;
}

static float lesser(float a, float b)
{
    return a < b ? a : b;
}

/* lasting = the larger of two powers of a row that a short sound does not raise: its median over eleven
 * frames, and the largest of those least values of five frames that contain the frame. */
static void measure_lasting(struct percussion *p, const float *power)
{
    size_t frames = p->frames;
    median_over_time(p->lasting, power, frames, LASTING_FRAMES);
    memcpy(p->least, power, frames * sizeof *p->least);
    for (size_t i = 1; i < SHORTEST_FRAMES; i++) {
        size_t inside = i < frames ? frames - i : 0;
        for (size_t t = 0; t < inside; t++) p->least[t] = lesser(p->least[t], power[t + i]);
        for (size_t t = inside; t < frames; t++) p->least[t] = lesser(p->least[t], power[frames - 1]);
    }
    for (size_t i = 0; i < SHORTEST_FRAMES; i++)
        for (size_t t = i; t < frames; t++) p->lasting[t] = larger(p->lasting[t], p->least[t - i]);
}

/* wide = the median of the powers of fifteen rows about row r. */
static void measure_wide(struct percussion *p, size_t r)
{
    const float *row[WIDE_ROWS];
    for (size_t i = 0; i < WIDE_ROWS; i++) {
        size_t near = r + i < WIDE_ROWS / 2 ? 0 : r + i - WIDE_ROWS / 2;
        row[i] = p->power + (near < p->rows ? near : p->rows - 1) * p->frames;
    }
    median_of_rows(p->wide, row, WIDE_ROWS, p->frames);
}

/* Adds the drums' power of row r to those of its band, and returns all its power. */
static double add_row(struct percussion *p, float *loudness, float *own, size_t r, bool low)
{
    const float *power = p->power + r * p->frames;
    double sum = 0;
    measure_lasting(p, power);
    if (!low) measure_wide(p, r);
    for (size_t t = 0; t < p->frames; t++) {
        float lasting = p->lasting[t], ratio = low ? 0 : lasting / p->wide[t];
        float mask = low || p->wide[t] > 0 ? 1 / (1 + ratio * ratio) : 0;
        loudness[t] += mask * larger(power[t] - LASTING_OF_LOUDNESS * lasting, 0);
        own[t] += mask * larger(power[t] - LASTING_OF_OWN * lasting, 0);
        sum += (double)power[t];
    }
    return sum;
}

/* Of one wave, divided by `largest`; adds to power the mean square of each band's sound. */
static void measure_drums(struct percussion *p, float *loudness, float *own, double *power, const float *wave,
                          float largest)
{
    measure_power(p, wave, largest);
    memset(loudness, 0, DRUMS * p->frames * sizeof *loudness);
    memset(own, 0, DRUMS * p->frames * sizeof *own);
    for (size_t d = 0; d < DRUMS; d++)
        for (size_t r = p->begin[d]; r < p->begin[d + 1]; r++)
            power[d] += add_row(p, loudness + d * p->frames, own + d * p->frames, r, d == DRUM_LOW) /
                        (double)p->frames;
    for (size_t i = 0; i < DRUMS * p->frames; i++) {
        loudness[i] = largest * sqrtf(loudness[i]);
        own[i] = sqrtf(own[i]);
    }
}

/* values[t] = values[t + lead], as of the harmonic analysis. */
static void advance(float *values, size_t frames, size_t lead)
{
    for (size_t t = 0; t < frames; t++) values[t] = values[t + lead < frames ? t + lead : frames - 1];
}

void percussion_apply(struct percussion *p, float *loudness, size_t stride, const float *waves, size_t count,
                      int lead, bool thresholded)
{
    size_t frames = p->frames, size = DRUMS * frames;
    float largest = level_peak(waves, count * p->samples);
    double power[DRUMS] = {0};
    if (count > p->waves) p->own = reallocate_or_die(p->own, p->waves = count, size * sizeof *p->own);
    for (size_t i = 0; i < count; i++) {
        memset(loudness + i * stride, 0, size * sizeof *loudness);
        if (largest > 0)
            measure_drums(p, loudness + i * stride, p->own + i * size, power, waves + i * p->samples,
                          largest);
    }
    for (size_t d = 0; d < DRUMS; d++) {
        float most = 0;
        for (size_t i = 0; i < count; i++)
            most = fmaxf(most, level_peak(p->own + i * size + d * frames, frames));
        double least =
            fmax(SHARE_OF_LARGEST[d] * (double)most, SHARE_OF_RMS[d] * sqrt(power[d] / (double)count));
        for (size_t i = 0; i < count && largest > 0; i++) {
            float *row = loudness + i * stride + d * frames, *own = p->own + i * size + d * frames;
            if (thresholded) note_threshold_apply(row, own, frames, least, 0);
            advance(row, frames, (size_t)lead);
        }
    }
}

void percussion_free(struct percussion *p)
{
    if (!p) return;
    fourier_free(p->fourier);
    void *blocks[] = {p->window,  p->wave, p->spectrum, p->block, p->power,
                      p->lasting, p->wide, p->least,    p->own,   p};
    for (size_t i = 0; i < sizeof blocks / sizeof *blocks; i++) free(blocks[i]);
}
