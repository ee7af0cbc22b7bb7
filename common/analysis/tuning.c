/* The tuning of a recording from the peaks of its spectra. */
#include "common/analysis/tuning.h"

#include <complex.h>
#include <math.h>
#include <stdlib.h>

#include "common/analysis/fourier.h"
#include "common/memory.h"

/* Of a spectrum, in seconds; of its peaks, in Hz. */
static const double WINDOW_SECONDS = 0.34, LOWEST = 80, HIGHEST = 1600;
/* A peak has at least this share of the largest power of its spectrum. */
static const double PEAK_LEAST = 0.01;
/* The length of the sum of the peaks, of that of all in one direction, below which there is none. */
static const double DIRECTION_LEAST = 0.2;
/* Cents within which a tuning is taken for 440 Hz. */
static const double SNAP_CENTS = 12;

struct peaks {
    double complex sum; /* of peaks at their angles */
    double all;         /* of peaks at any angle */
};

/* Adds the peaks of the powers (bins) of a spectrum whose bins are `spacing` Hz apart. A peak's place between
 * bins is that of the parabola through the logarithms of three powers; it counts by its amplitude. */
static void add_peaks(struct peaks *peaks, const double *power, size_t bins, double spacing)
{
    size_t first = (size_t)fmax(1, ceil(LOWEST / spacing)),
           end = (size_t)fmin((double)bins - 1, HIGHEST / spacing);
    double largest = 0;
    for (size_t u = first; u < end; u++) largest = fmax(largest, power[u]);
    for (size_t u = first; u < end; u++) {
        if (!(power[u] > power[u - 1] && power[u] >= power[u + 1] && power[u] > PEAK_LEAST * largest))
            continue;
        double before = log(power[u - 1] / power[u] + 1e-30), after = log(power[u + 1] / power[u] + 1e-30);
        double place = (double)u + 0.5 * (before - after) / (before + after);
        double semitones = 12 * log2(place * spacing / TUNING_STANDARD);
        peaks->sum += sqrt(power[u]) * cexp(2 * M_PI * I * semitones);
        peaks->all += sqrt(power[u]);
    }
}

static void add_wave(struct peaks *peaks, const float *wave, size_t samples, double rate, size_t length)
{
    double *values = allocate_or_die(length, sizeof *values),
           *window = allocate_or_die(length, sizeof *window);
    double complex *spectrum = allocate_or_die(length / 2 + 1, sizeof *spectrum);
    struct fourier *fourier = fourier_real_or_die(length, values, spectrum);
    for (size_t i = 0; i < length; i++) window[i] = 1 - cos(2 * M_PI * (double)i / (double)length);
    for (size_t first = 0; first + length <= samples; first += length) {
        for (size_t i = 0; i < length; i++) values[i] = window[i] * (double)wave[first + i];
        fourier_run(fourier);
        for (size_t u = 0; u <= length / 2; u++) {
            double re = creal(spectrum[u]), im = cimag(spectrum[u]);
            values[u] = re * re + im * im;
        }
        add_peaks(peaks, values, length / 2 + 1, rate / (double)length);
    }
    fourier_free(fourier);
    free(values);
    free(window);
    free(spectrum);
}

double tuning_estimate_or_die(const float *waves, size_t count, size_t samples, double rate)
{
    struct peaks peaks = {0};
    size_t length = fourier_quick_length((size_t)ceil(WINDOW_SECONDS * rate));
    for (size_t i = 0; i < count; i++) add_wave(&peaks, waves + i * samples, samples, rate, length);
    double cents = round(100 * carg(peaks.sum) / (2 * M_PI));
    if (!(cabs(peaks.sum) >= DIRECTION_LEAST * peaks.all && peaks.all > 0) || fabs(cents) <= SNAP_CENTS)
        return TUNING_STANDARD;
    return TUNING_STANDARD * exp2(cents / 1200);
}
