#include "common/oscillator.h"

#include <math.h>

/* Half of a glide. Long glides smear the onsets (a linear glide from centre to centre of two intervals puts a
 * fifth of a note's loudness before its first interval), short ones splatter. */
static const double GLIDE_HALF_SECONDS = 0.0025;

enum { LANES = 8 };

size_t interval_start(struct intervals intervals, size_t t)
{
    return (size_t)llround((double)t * intervals.seconds * intervals.rate);
}

/* wave[i] += gain * sin(2 pi (phase + i * step)), phase and step in turns, in lanes that a compiler can make
 * one vector of: each is turned by LANES steps at a time. */
static void sine_add(float *wave, const float *gain, size_t count, double phase, double step)
{
    double re[LANES], im[LANES];
    for (int i = 0; i < LANES; i++) sincos(2 * M_PI * (phase + i * step), &im[i], &re[i]);
    double turn_re = cos(2 * M_PI * LANES * step), turn_im = sin(2 * M_PI * LANES * step);
    size_t whole = count / LANES * LANES;
    for (size_t n = 0; n < whole; n += LANES)
        for (int i = 0; i < LANES; i++) {
            wave[n + i] += gain[n + i] * (float)im[i];
            double turned = re[i] * turn_re - im[i] * turn_im;
            im[i] = re[i] * turn_im + im[i] * turn_re;
            re[i] = turned;
        }
    for (size_t n = whole; n < count; n++) wave[n] += gain[n] * (float)im[n - whole];
}

static float smooth_step(float x)
{
    x = x < 0 ? 0 : x > 1 ? 1 : x;
    return x * x * (3 - 2 * x);
}

/* One interval of `count` samples, phase at its first, with the amplitudes before, in and after it. */
static void interval_add(float *wave, size_t count, double phase, double step, const float amplitude[3],
                         float half_glide)
{
    enum { BLOCK = 256 };
    float gain[BLOCK];
    float opening = amplitude[1] - amplitude[0], closing = amplitude[2] - amplitude[1];
    float scale = 0.5f / half_glide, close_at = (float)count - half_glide;
    for (size_t start = 0; start < count; start += BLOCK) {
        size_t length = count - start < BLOCK ? count - start : BLOCK;
        for (size_t i = 0; i < length; i++) {
            float at = (float)(start + i) + 0.5f;
            gain[i] = amplitude[0] + opening * smooth_step((at + half_glide) * scale) +
                      closing * smooth_step((at - close_at) * scale);
        }
        sine_add(wave + start, gain, length, phase + (double)start * step, step);
    }
}

void oscillator_add(float *wave, struct intervals intervals, double frequency, double phase,
                    const float *amplitude, double gain)
{
    double step = frequency / intervals.rate;
    size_t last = intervals.count - 1;
    for (size_t t = 0; t < intervals.count; t++) {
        float here = (float)gain * amplitude[t];
        /* Beyond both ends stands the negative, so that the glide passes through 0 there. */
        float before = t > 0 ? (float)gain * amplitude[t - 1] : -here;
        float after = t < last ? (float)gain * amplitude[t + 1] : -here;
        if (before == 0 && here == 0 && after == 0) continue;

        size_t start = interval_start(intervals, t), count = interval_start(intervals, t + 1) - start;
        double turns = phase + (double)start * step;
        float half_glide = (float)fmin(GLIDE_HALF_SECONDS * intervals.rate, (double)count / 2);
        interval_add(wave + start, count, turns - floor(turns), step, (float[]){before, here, after},
                     half_glide);
    }
}
