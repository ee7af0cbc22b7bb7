/* Noise of a band, by biquad filters. */
#include "common/synthesis/band-noise.h"

#include <complex.h>
#include <math.h>
#include <stdbool.h>

#include "common/random.h"

/* A filter of second order, y = b0 x + b1 x' + b2 x'' - a1 y' - a2 y'', and its state (transposed form II).
 */
struct biquad {
    double b0, b1, b2, a1, a2;
    double s1, s2;
};

enum { SECTIONS = 2, FILTERS = 2 * SECTIONS };

/* Of the two sections of a Butterworth filter of fourth order: 1 / (2 cos(pi/8)), 1 / (2 cos(3 pi/8)). */
static const double QUALITY[SECTIONS] = {0.54119610, 1.30656296};

/* A low-pass near half of the rate is of no use. */
static const double HIGHEST = 0.45; /* of the rate */

/* Low-pass or high-pass: R. Bristow-Johnson, "Cookbook formulae for audio EQ biquad filter coefficients". */
static struct biquad biquad_make(bool high_pass, double frequency, double rate, double quality)
{
    double w = 2 * M_PI * frequency / rate, alpha = sin(w) / (2 * quality), a0 = 1 + alpha;
    double edge = (high_pass ? 1 + cos(w) : 1 - cos(w)) / 2 / a0;
    return (struct biquad){
        edge, high_pass ? -2 * edge : 2 * edge, edge, -2 * cos(w) / a0, (1 - alpha) / a0, 0, 0};
}

static double biquad_step(struct biquad *filter, double x)
{
    double y = filter->b0 * x + filter->s1;
    filter->s1 = filter->b1 * x - filter->a1 * y + filter->s2;
    filter->s2 = filter->b2 * x - filter->a2 * y;
    return y;
}

/* |H|^2 at `frequency`, of all the filters one after the other. */
static double power_at(const struct biquad *filters, size_t count, double frequency, double rate)
{
    double complex z = cexp(-2 * M_PI * I * frequency / rate), response = 1;
    for (size_t i = 0; i < count; i++)
        response *= (filters[i].b0 + z * (filters[i].b1 + z * filters[i].b2)) /
                    (1 + z * (filters[i].a1 + z * filters[i].a2));
    return creal(response * conj(response));
}

/* The power that white noise of variance 1 has behind the filters from `low` to `high`, by the midpoint rule.
 */
static double power_between(const struct biquad *filters, size_t count, double low, double high, double rate)
{
    enum { STEPS = 400 };
    double sum = 0;
    for (int i = 0; i < STEPS; i++)
        sum += power_at(filters, count, low + (i + 0.5) / STEPS * (high - low), rate);
    return sum / STEPS * (high - low) / (rate / 2);
}

double band_noise(float *noise, size_t count, double rate, struct band band, uint32_t purpose)
{
    struct biquad filters[FILTERS];
    size_t used = 0;
    for (int i = 0; i < SECTIONS; i++) filters[used++] = biquad_make(true, band.low, rate, QUALITY[i]);
    for (int i = 0; i < SECTIONS && band.top < HIGHEST * rate; i++)
        filters[used++] = biquad_make(false, band.top, rate, QUALITY[i]);

    double inside = power_between(filters, used, band.low, fmin(band.high, rate / 2), rate);
    double gain = sqrt(12 / inside); /* a uniform number has the variance 1/12 */
    struct random_key key = random_key_make(0, purpose, 0);
    uint32_t bits[4] = {0};
    for (size_t n = 0; n < count; n++) {
        if (n % 4 == 0) random_block(key, (uint32_t)(n / 4), bits);
        double x = gain * ((double)random_uniform(bits[n % 4]) - 0.5);
        for (size_t i = 0; i < used; i++) x = biquad_step(&filters[i], x);
        noise[n] = (float)x;
    }
    return inside / power_between(filters, used, 0, rate / 2, rate);
}
