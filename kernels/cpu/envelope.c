/* The learned envelope: a sum of Gaussians along the sample, then division by the sample's largest value. */
#include "kernels/cpu/cpu.h"
#include "kernels/cpu/fast-math.h"
#include "kernels/cpu/largest.h"
#include <math.h>
#include <string.h>

static const double SPAN = 16000, SCALE = 4000, UNIT = 16500; /* in cells of a sample of UNIT cells */
static const double CENTRE_MARGIN = 1e-4, LEAST_PEAK = 1e-12;
static const double REACH = 14; /* standard deviations; beyond, a Gaussian is below 1e-42 */

enum { RUN = 256 /* cells that are taken at a time */ };

/* e_g[i] = exp(-((i - centre) / width)² / 2), in cells */
struct gaussian {
    double centre, width;
    double share;  /* c_g, the centre in 0 … 1 */
    double spread; /* w_g */
};

static double magnitude(struct tensor a, int b, int i)
{
    return fabs((double)cpu_values(a.data)[(size_t)b * (size_t)a.channels + (size_t)i]);
}

/* The index in `a` of the batch's largest centre, the first of equal ones. */
static size_t largest_centre(struct tensor a)
{
    const int count = a.channels / 2;
    size_t best = (size_t)count;
    for (int b = 0; b < a.batch; b++)
        for (int g = count; g < a.channels; g++) {
            const size_t at = (size_t)b * (size_t)a.channels + (size_t)g;
            if (magnitude(a, b, g) > fabs((double)cpu_values(a.data)[best])) best = at;
        }
    return best;
}

/* What centres are divided by. */
static double centre_scale(struct tensor a)
{
    return fabs((double)cpu_values(a.data)[largest_centre(a)]) + CENTRE_MARGIN;
}

static struct gaussian gaussian_of(struct tensor a, int b, int g, double scale, int length)
{
    const double unit = length / UNIT, spread = 4 / (1 + exp(10 - magnitude(a, b, g)));
    const double share = magnitude(a, b, a.channels / 2 + g) / scale;
    return (struct gaussian){.centre = length / 2.0 + unit * SPAN * (share - 0.5),
                             .width = SCALE * unit * spread,
                             .share = share,
                             .spread = spread};
}

static bool reaches(const struct gaussian *g, int first, int count)
{
    return first + count >= g->centre - REACH * g->width && first <= g->centre + REACH * g->width;
}

/* e (RUN) = the sum of sample b's Gaussians at the cells first … first + count - 1 */
static void envelope_run(real *e, struct tensor a, int b, double scale, int length, int first, int count)
{
    memset(e, 0, RUN * sizeof *e);
    for (int k = 0; k < a.channels / 2; k++) {
        const struct gaussian g = gaussian_of(a, b, k, scale, length);
        if (!reaches(&g, first, count)) continue;
        for (int i = 0; i < count; i++) {
            const double t = (first + i - g.centre) / g.width;
            e[i] += fast_exp((real)(-0.5 * t * t));
        }
    }
}

static int run_count(int first, int length)
{
    return length - first < RUN ? length - first : RUN;
}

static void sample_forward(real *y, real *peak, const real *x, struct tensor a, int b, double scale,
                           struct tensor shape)
{
    const size_t channels = (size_t)shape.channels, size = (size_t)shape.length * channels;
    for (int first = 0; first < shape.length; first += RUN) {
        real e[RUN];
        const int count = run_count(first, shape.length);
        envelope_run(e, a, b, scale, shape.length, first, count);
        for (size_t i = 0; i < (size_t)count * channels; i++)
            y[(size_t)first * channels + i] = x[(size_t)first * channels + i] * e[i / channels];
    }
    const size_t at = index_of_largest(y, size);
    peak[0] = y[at], peak[1] = (real)at;
    const real inverse = (real)(1 / fmax((double)y[at], LEAST_PEAK));
    for (size_t i = 0; i < size; i++) y[i] *= inverse;
}

void cpu_envelope(struct tensor y, struct tensor peak, struct tensor x, struct tensor a)
{
    const size_t size = (size_t)x.length * (size_t)x.channels;
    const double scale = centre_scale(a);
#pragma omp parallel for
    for (int b = 0; b < x.batch; b++)
        sample_forward(cpu_values(y.data) + (size_t)b * size, cpu_values(peak.data) + 2 * b,
                       cpu_values(x.data) + (size_t)b * size, a, b, scale, x);
}

/* dv, the gradient by the values before the division, also through the largest of them */
static void divide_backward(real *dv, const real *dy, const real *y, const real *peak, size_t size)
{
    const double inverse = 1 / fmax((double)peak[0], LEAST_PEAK);
    double along = 0;
    for (size_t i = 0; i < size; i++) {
        along += (double)dy[i] * (double)y[i];
        dv[i] = (real)((double)dy[i] * inverse);
    }
    if ((double)peak[0] > LEAST_PEAK) dv[(size_t)peak[1]] -= (real)(along * inverse);
}

/* Adds Σ de e_g t² / w_g to slopes[0], the gradient by w_g, and that by c_g to slopes[1]. */
static void gaussian_backward(double slopes[2], const double *de, const struct gaussian *g, int first,
                              int count, int length)
{
    double by_width = 0, by_centre = 0;
    if (!reaches(g, first, count)) return;
    for (int i = 0; i < count; i++) {
        const double t = (first + i - g->centre) / g->width;
        const double along = de[i] * (double)fast_exp((real)(-0.5 * t * t)) * t;
        by_width += along * t;
        by_centre += along;
    }
    slopes[0] += by_width / g->spread;
    slopes[1] += by_centre * SPAN * length / UNIT / g->width;
}

/* dx holds dv on entry; slopes (Gaussians, 2) are the gradients by w_g and c_g. */
static void multiply_backward(real *dx, double (*slopes)[2], const real *x, struct tensor a, int b,
                              double scale, struct tensor shape)
{
    const int channels = shape.channels;
    for (int first = 0; first < shape.length; first += RUN) {
        real e[RUN];
        double de[RUN] = {0};
        const int count = run_count(first, shape.length);
        const size_t at = (size_t)first * (size_t)channels;
        envelope_run(e, a, b, scale, shape.length, first, count);
        for (int i = 0; i < count * channels; i++) {
            de[i / channels] += (double)dx[at + (size_t)i] * (double)x[at + (size_t)i];
            dx[at + (size_t)i] *= e[i / channels];
        }
        for (int k = 0; k < a.channels / 2; k++) {
            const struct gaussian g = gaussian_of(a, b, k, scale, shape.length);
            gaussian_backward(slopes[k], de, &g, first, count, shape.length);
        }
    }
}

static double sign_of(real x)
{
    return (x > 0) - (x < 0);
}

/* From the gradients by w_g and c_g, which stand in da, to those by a. */
static void parameters_backward(struct tensor da, struct tensor a, double scale, int length)
{
    const int count = a.channels / 2;
    const real *from = cpu_values(a.data);
    real *to = cpu_values(da.data);
    double by_scale = 0;
    for (int b = 0; b < a.batch; b++, from += a.channels, to += a.channels)
        for (int k = 0; k < count; k++) {
            const struct gaussian g = gaussian_of(a, b, k, scale, length);
            by_scale -= (double)to[count + k] * g.share / scale;
            to[k] = (real)((double)to[k] * g.spread * (1 - g.spread / 4) * sign_of(from[k]));
            to[count + k] = (real)((double)to[count + k] / scale * sign_of(from[count + k]));
        }
    const size_t at = largest_centre(a);
    cpu_values(da.data)[at] += (real)(by_scale * sign_of(cpu_values(a.data)[at]));
}

void cpu_envelope_backward(struct tensor dx, struct tensor da, struct tensor dy, struct tensor y,
                           struct tensor peak, struct tensor x, struct tensor a)
{
    const size_t size = (size_t)x.length * (size_t)x.channels;
    const int count = a.channels / 2;
    const double scale = centre_scale(a);
#pragma omp parallel for
    for (int b = 0; b < x.batch; b++) {
        const size_t at = (size_t)b * size;
        double slopes[count][2];
        real *to = cpu_values(da.data) + (size_t)b * (size_t)a.channels;
        memset(slopes, 0, sizeof slopes);
        divide_backward(cpu_values(dx.data) + at, cpu_values(dy.data) + at, cpu_values(y.data) + at,
                        cpu_values(peak.data) + 2 * b, size);
        multiply_backward(cpu_values(dx.data) + at, slopes, cpu_values(x.data) + at, a, b, scale, x);
        for (int k = 0; k < count; k++) to[k] = (real)slopes[k][0], to[count + k] = (real)slopes[k][1];
    }
    parameters_backward(da, a, scale, x.length);
}
