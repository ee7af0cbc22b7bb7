/* Loudness by libebur128. */
#include "common/loudness.h"

#include <ebur128.h>
#include <math.h>

#include "common/fail.h"

static const double HIGHEST_TRUE_PEAK = 0.891250938; /* -1 dB; encoders overshoot a little */

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

struct loudness loudness_measure_or_die(const float *wave, size_t channels, size_t samples, double rate)
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
    return measured;
}

double loudness_gain(struct loudness measured, double wanted)
{
    if (!(measured.integrated > -HUGE_VAL) || measured.true_peak <= 0) return 1;
    return fmin(pow(10, (wanted - measured.integrated) / 20), HIGHEST_TRUE_PEAK / measured.true_peak);
}
