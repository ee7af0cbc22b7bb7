#include "common/oscillator.h"

#include <math.h>

/* A glide ends in the middle of an interval of 20 ms, so that nothing happens at the borders. */
#include <stdlib.h>
#define GLIDE_SECONDS (getenv("G")?atof(getenv("G")):0.01)

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

/* One interval of `count` samples, phase at its first, with the amplitudes before, in and after it: the
 * glides to and from a softer neighbour lie in the louder interval, so that nothing sounds before its time. */
static void interval_add(float *wave, size_t count, double phase, double step, const float amplitude[3],
                         float glide)
{
    enum { BLOCK = 256 };
    float gain[BLOCK];
    float g = glide / (float)count, m = 13.f / 35, b1 = fminf(amplitude[0], amplitude[1]), b2 = fminf(amplitude[1], amplitude[2]);
    float A = 1 - 2 * g + 2 * g * m, B = g * (1 - 2 * m) * (b1 + b2), C = g * m * (b1 * b1 + b2 * b2) - amplitude[1] * amplitude[1];
    float here = (sqrtf(B * B - 4 * A * C) - B) / (2 * A);
    if (getenv("N")) here = amplitude[1];
    float opening = here - b1, closing = here - b2;
    for (size_t start = 0; start < count; start += BLOCK) {
        size_t length = count - start < BLOCK ? count - start : BLOCK;
        for (size_t i = 0; i < length; i++) {
            float at = (float)(start + i) + 0.5f, left = (float)count - at;
            gain[i] = here - opening * smooth_step(1 - at / glide) -
                      closing * smooth_step(1 - left / glide);
        }
        sine_add(wave + start, gain, length, phase + (double)start * step, step);
    }
}

void oscillator_add(float *wave, struct intervals intervals, double frequency, double phase,
                    const float *amplitude, double gain)
{
    double step = frequency / intervals.rate;
    for (size_t t = 0; t < intervals.count; t++) {
        if (amplitude[t] == 0) continue;
        float here = (float)gain * amplitude[t];
        float before = t > 0 ? (float)gain * amplitude[t - 1] : 0;
        float after = t + 1 < intervals.count ? (float)gain * amplitude[t + 1] : 0;

        size_t start = interval_start(intervals, t), count = interval_start(intervals, t + 1) - start;
        double turns = phase + (double)start * step;
        float glide = (float)fmin(GLIDE_SECONDS * intervals.rate, (double)count / 2);
        interval_add(wave + start, count, turns - floor(turns), step, (float[]){before, here, after}, glide);
    }
}
