/* Drums, told from notes by medians of a spectrogram; capital letters in comments are those of
 * chunks-to-keys(1). */
#include "common/analysis/percussion.h"

#include <complex.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/analysis/fourier.h"
#include "common/analysis/median.h"
#include "common/analysis/note-threshold.h"
#include "common/level.h"
#include "common/memory.h"

enum { DRUMS = KEYBOARD_DRUMS, LASTING_FRAMES = 11, SHORTEST_FRAMES = 5, WIDE_BINS = 15 };

/* Where the middle and the high band begin, in Hz. */
static const double BAND_BEGIN[DRUMS] = {0, 130, 3000};
/* How many times the power of what lasts is taken away from the loudness, and from what a threshold compares.
 */
static const float LASTING_OF_LOUDNESS = 2, LASTING_OF_OWN = 4;
/* A drum reaches this share of its band's largest in the recording, and this share of the RMS of all that
 * sounds in its band. */
static const double SHARE_OF_LARGEST[DRUMS] = {0.2, 0.2, 0.1}, SHARE_OF_RMS[DRUMS] = {0.4, 0.1, 0.3};

struct percussion {
    size_t samples, frame_samples, frames;
    size_t bins;              /* of the spectrum of two frames: frame_samples + 1 */
    size_t begin[DRUMS + 1];  /* first bin of each band; the last is `bins` */
    double *window, *wave;    /* (2 * frame_samples) */
    double complex *spectrum; /* (bins) */
    struct fourier *fourier;
    float *power;                  /* (bins, frames): A */
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
        double first = ceil(BAND_BEGIN[d] * (double)length / rate);
        p->begin[d] = first < (double)p->bins ? (size_t)first : p->bins;
    }
    p->begin[DRUMS] = p->bins;
    p->window = allocate_or_die(length, sizeof *p->window);
    p->wave = allocate_or_die(length, sizeof *p->wave);
    p->spectrum = allocate_or_die(p->bins, sizeof *p->spectrum);
    p->fourier = fourier_real_or_die(length, p->wave, p->spectrum);
    p->power = allocate_or_die(p->bins * p->frames, sizeof *p->power);
    p->lasting = allocate_or_die(p->frames, sizeof *p->lasting);
    p->wide = allocate_or_die(p->frames, sizeof *p->wide);
    p->least = allocate_or_die(p->frames, sizeof *p->least);
    /* Hann's window; the sum of its squares is 3/8 of its length. */
    for (size_t i = 0; i < length; i++)
        p->window[i] = (1 - cos(2 * M_PI * (double)i / (double)length)) * 0.5 / sqrt(0.375);
    return p;
}

/* power[u,t] = the power of the wave, divided by `largest`, around bin u in two frames about frame t, so that
 * the sum over the bins is the mean square. */
static void measure_power(struct percussion *p, const float *wave, float largest)
{
    size_t length = 2 * p->frame_samples, before = p->frame_samples / 2;
    double scale = 1 / ((double)length * (double)largest);
    for (size_t t = 0; t < p->frames; t++) {
        for (size_t i = 0; i < length; i++) {
            size_t at = t * p->frame_samples + i;
            bool inside = at >= before && at - before < p->samples;
            p->wave[i] = inside ? scale * p->window[i] * (double)wave[at - before] : 0;
        }
        fourier_run(p->fourier);
        const double *bin = (const double *)p->spectrum;
        for (size_t u = 0; u < p->bins; u++) {
            double mirrored = u == 0 || u + 1 == p->bins ? 1 : 2;
            p->power[u * p->frames + t] =
                (float)(mirrored * (bin[2 * u] * bin[2 * u] + bin[2 * u + 1] * bin[2 * u + 1]));
        }
    }
}

/* lasting = the larger of two powers of a bin that a short sound does not raise: its median over eleven
 * frames, and the largest of those least values of five frames that contain the frame. */
static void measure_lasting(struct percussion *p, const float *power)
{
    enum { REACH = SHORTEST_FRAMES - 1 };
    median_over_time(p->lasting, power, p->frames, LASTING_FRAMES);
    for (size_t t = 0; t < p->frames; t++) {
        p->least[t] = power[t];
        for (size_t i = 1; i <= REACH; i++)
            p->least[t] = fminf(p->least[t], power[t + i < p->frames ? t + i : p->frames - 1]);
    }
    for (size_t t = 0; t < p->frames; t++)
        for (size_t i = 0; i <= REACH && i <= t; i++) p->lasting[t] = fmaxf(p->lasting[t], p->least[t - i]);
}

/* wide = the median of the powers of fifteen bins about bin u. */
static void measure_wide(struct percussion *p, size_t u)
{
    const float *row[WIDE_BINS];
    for (size_t r = 0; r < WIDE_BINS; r++) {
        size_t near = u + r < WIDE_BINS / 2 ? 0 : u + r - WIDE_BINS / 2;
        row[r] = p->power + (near < p->bins ? near : p->bins - 1) * p->frames;
    }
    median_of_rows(p->wide, row, WIDE_BINS, p->frames);
}

/* Adds the drums' power of bin u to those of its band, and returns all its power. */
static double add_bin(struct percussion *p, float *loudness, float *own, size_t u, bool low)
{
    const float *power = p->power + u * p->frames;
    double sum = 0;
    measure_lasting(p, power);
    if (!low) measure_wide(p, u);
    for (size_t t = 0; t < p->frames; t++) {
        float lasting = p->lasting[t] * p->lasting[t], wide = p->wide[t] * p->wide[t];
        float mask = low || lasting == 0 ? 1 : wide / (wide + lasting);
        loudness[t] += mask * fmaxf(power[t] - LASTING_OF_LOUDNESS * p->lasting[t], 0);
        own[t] += mask * fmaxf(power[t] - LASTING_OF_OWN * p->lasting[t], 0);
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
        for (size_t u = p->begin[d]; u < p->begin[d + 1]; u++)
            power[d] += add_bin(p, loudness + d * p->frames, own + d * p->frames, u, d == DRUM_LOW) /
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
    void *blocks[] = {p->window, p->wave, p->spectrum, p->power, p->lasting, p->wide, p->least, p->own, p};
    for (size_t i = 0; i < sizeof blocks / sizeof *blocks; i++) free(blocks[i]);
}
