/* Loudness by libebur128. */
#include "common/loudness.h"

#include <ebur128.h>
#include <math.h>
#include <stdlib.h>

#include "common/fail.h"
#include "common/level.h"
#include "common/memory.h"

static const double HIGHEST_TRUE_PEAK = 0.891250938; /* -1 dB; encoders overshoot a little */
static const float HIGHEST_PEAK = 0.794328235f;      /* -2 dB */
static const double REACH_SECONDS = 0.005;           /* of a peak that is turned down, before and behind it */
static const double NEAR = 0.1;                      /* LU */

struct loudness {
    double integrated; /* LUFS; -infinity: none */
    double true_peak;  /* 1 is full scale */
};

/* Hands the wave to the meter, its channels interleaved as that wants them. */
static int add_samples(ebur128_state *meter, const float *wave, size_t channels, size_t samples)
{
    enum { BLOCK = 4096 };
    float block[2 * BLOCK];
    int wrong = 0;
    for (size_t start = 0; start < samples; start += BLOCK) {
        size_t count = samples - start < BLOCK ? samples - start : BLOCK;
        for (size_t c = 0; c < channels; c++)
            for (size_t n = 0; n < count; n++) block[n * channels + c] = wave[c * samples + start + n];
        wrong |= ebur128_add_frames_float(meter, block, count);
    }
    return wrong;
}

static struct loudness measure_or_die(const float *wave, size_t channels, size_t samples, double rate)
{
    ebur128_state *meter =
        ebur128_init((unsigned)channels, (unsigned long)rate, EBUR128_MODE_I | EBUR128_MODE_TRUE_PEAK);
    if (!meter) die("out of memory for a loudness meter");
    struct loudness measured = {0};
    int wrong = add_samples(meter, wave, channels, samples);
    wrong |= ebur128_loudness_global(meter, &measured.integrated);
    for (size_t c = 0; c < channels; c++) {
        double peak = 0;
        wrong |= ebur128_true_peak(meter, (unsigned)c, &peak);
        measured.true_peak = fmax(measured.true_peak, peak);
    }
    ebur128_destroy(&meter);
    if (wrong) die("the loudness meter failed");
    if (channels == 1) measured.integrated += 10 * log10(2);
    return measured;
}

/* gain (samples): the least that any peak within the reach wants. */
static void find_gains(float *gain, const float *wave, size_t channels, size_t samples, size_t reach)
{
    for (size_t n = 0; n < samples; n++) gain[n] = 1;
    for (size_t n = 0; n < samples; n++) {
        float peak = fabsf(wave[n]);
        if (channels == 2) peak = fmaxf(peak, fabsf(wave[samples + n]));
        if (peak <= HIGHEST_PEAK) continue;
        for (size_t i = n > reach ? n - reach : 0; i < samples && i <= n + reach; i++)
            gain[i] = fminf(gain[i], HIGHEST_PEAK / peak);
    }
}

/* A limiter that looks ahead: the mean over the reach of gains that hold for the reach is no more than a peak
 * wants, and changes slowly. */
static void limit_or_die(float *wave, size_t channels, size_t samples, double rate)
{
    size_t reach = (size_t)(REACH_SECONDS * rate);
    float *gain = allocate_or_die(samples, sizeof *gain);
    find_gains(gain, wave, channels, samples, reach);
    double sum = 0;
    for (size_t n = 0; n < samples + reach; n++) {
        sum += n < samples ? (double)gain[n] : 1;
        if (n < reach) continue;
        if (n > 2 * reach) sum -= (double)gain[n - 2 * reach - 1];
        size_t count = n < 2 * reach ? n + 1 : 2 * reach + 1, middle = n - reach;
        for (size_t c = 0; c < channels; c++) wave[c * samples + middle] *= (float)(sum / (double)count);
    }
    free(gain);
}

void loudness_normalise_or_die(float *wave, size_t channels, size_t samples, double rate, double wanted)
{
    enum { ROUNDS = 4 }; /* what the limiter takes is made up for */
    struct loudness measured = measure_or_die(wave, channels, samples, rate);
    for (int round = 0; round < ROUNDS && isfinite(measured.integrated); round++) {
        level_scale(wave, channels * samples, (float)pow(10, (wanted - measured.integrated) / 20));
        limit_or_die(wave, channels, samples, rate);
        measured = measure_or_die(wave, channels, samples, rate);
        if (fabs(measured.integrated - wanted) < NEAR) break;
    }
    if (isfinite(measured.integrated) && measured.true_peak > HIGHEST_TRUE_PEAK)
        level_scale(wave, channels * samples, (float)(HIGHEST_TRUE_PEAK / measured.true_peak));
}
