/* Sines with a given RMS in each frame. */
#include "common/synthesis/oscillator.h"

#include <math.h>

/* A glide takes half a frame: two of them fill it, so that the spectrum changes no faster at the borders of
 * frames than inside them. The rise of an attack is no slower in a frame that is longer than 20 ms. */
static const double RISE_SECONDS = 0.01;

enum { LANES = 8 };

size_t frame_start(struct frames frames, size_t t)
{
    return (size_t)llround((double)t * frames.seconds * frames.rate);
}

/* wave[i] += gain[i] * sin(2 pi (phase + i * step)), phase and step in turns. Each of the LANES rotates by
 * LANES steps at a time, so that the loop vectorises. */
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
    return x * x * x * (10 - x * (15 - 6 * x));
}

/* The amplitude at the border of two frames of amplitudes x and y: the harmonic mean of the powers, at most
 * sqrt(2) times the smaller amplitude. Between similar frames it lies half-way, and the glides of both make
 * one slope; next to silence it is 0, and the whole glide lies within the note. */
static double border(double x, double y)
{
    return x > 0 && y > 0 ? M_SQRT2 * x / hypot(x, y) * y : 0;
}

/* How many samples it takes to glide from the border of two frames of amplitudes x and y into one of them, of
 * `count` samples. */
static float glide_length(float x, float y, size_t count, double rate)
{
    double half = (double)count / 2;
    return (float)((double)y > M_SQRT2 * (double)x ? fmin(RISE_SECONDS * rate, half) : half);
}

/* The amplitude in the middle of a frame that begins at amplitude `start` and ends at `end`, with glides that
 * take the shares glide[0] and glide[1] of the frame, and has the RMS of a steady sine of amplitude `steady`:
 * the solution of a quadratic equation. The means of smooth_step and of its square are 1/2 and 181/462. */
static float plateau(double start, double steady, double end, const double glide[2])
{
    const double square = 181.0 / 462;
    double a = 1 - (glide[0] + glide[1]) * (1 - square);
    double b = (0.5 - square) * (glide[0] * start + glide[1] * end);
    double c = square * (glide[0] * start * start + glide[1] * end * end) - steady * steady;
    return (float)((sqrt(b * b - a * c) - b) / a);
}

/* Adds one frame of `count` samples; phase is that of the first sample, amplitude[3] those of the frame
 * before, this frame and the frame after, glide[2] the samples of its glides. */
static void frame_add(float *wave, size_t count, double phase, double step, const float amplitude[3],
                      const float glide[2])
{
    enum { BLOCK = 256 };
    float gain[BLOCK];
    float first = (float)border(amplitude[0], amplitude[1]), last = (float)border(amplitude[1], amplitude[2]);
    double share[2] = {(double)glide[0] / (double)count, (double)glide[1] / (double)count};
    float middle = plateau(first, amplitude[1], last, share);
    for (size_t block = 0; block < count; block += BLOCK) {
        size_t length = count - block < BLOCK ? count - block : BLOCK;
        for (size_t i = 0; i < length; i++) {
            float elapsed = (float)(block + i) + 0.5f, left = (float)count - elapsed;
            gain[i] = middle - (middle - first) * smooth_step(1 - elapsed / glide[0]) -
                      (middle - last) * smooth_step(1 - left / glide[1]);
        }
        sine_add(wave + block, gain, length, phase + (double)block * step, step);
    }
}

void oscillator_add(float *wave, struct frames frames, double frequency, double phase, const float *amplitude)
{
    double step = frequency / frames.rate;
    for (size_t t = 0; t < frames.count; t++) {
        if (amplitude[t] == 0) continue;
        float before = t > 0 ? amplitude[t - 1] : 0, now = amplitude[t];
        float after = t + 1 < frames.count ? amplitude[t + 1] : 0;
        size_t start = frame_start(frames, t), count = frame_start(frames, t + 1) - start;
        double turns = phase + (double)start * step;
        float glide[] = {glide_length(before, now, count, frames.rate),
                         glide_length(now, after, count, frames.rate)};
        frame_add(wave + start, count, turns - floor(turns), step, (float[]){before, now, after}, glide);
    }
}
