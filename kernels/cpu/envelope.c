/* The learned envelope: x times a sum of Gaussians along the sample, divided by the sample's largest product.
 */
#include <math.h>
#include <string.h>

#include "kernels/cpu/argmax.h"
#include "kernels/cpu/cpu.h"
#include "kernels/cpu/fast-math.h"

static const double SPAN = 16000, SCALE = 4000, UNIT = 16500; /* in cells of a sample of UNIT cells */
static const double CENTRE_MARGIN = 1e-4, LEAST_PEAK = 1e-12;
static const double REACH = 14; /* standard deviations; beyond, a Gaussian is below 1e-42 */

enum { RUN = 256 /* cells at a time */ };

/* e_g[i] = exp(-((i - centre) / deviation)² / 2), in cells */
struct gaussian {
    double centre, deviation; /* mean and standard deviation */
    double c;                 /* c_g, the centre in 0 … 1 */
    double w;                 /* w_g */
};

/* What all samples of the batch share. */
struct envelope {
    struct tensor a;
    int count; /* Gaussians */
    int length, channels;
    size_t largest; /* index in `a` of the largest centre, the first of equal ones */
    double scale;   /* what centres are divided by */
};

static struct envelope envelope_of(struct tensor a, struct tensor x)
{
    const real *from = cpu_values(a.data);
    struct envelope e = {.a = a, .count = a.channels / 2, .length = x.length, .channels = x.channels};
    e.largest = (size_t)e.count;
    for (size_t i = 0; i < tensor_count(a); i++)
        if (i % (size_t)a.channels >= (size_t)e.count &&
            fabs((double)from[i]) > fabs((double)from[e.largest]))
            e.largest = i;
    e.scale = fabs((double)from[e.largest]) + CENTRE_MARGIN;
    return e;
}

/* Gaussian k of sample b */
static struct gaussian gaussian_of(const struct envelope *e, int b, int k)
{
    const real *a = cpu_values(e->a.data) + (size_t)b * (size_t)e->a.channels + (size_t)k;
    const double unit = e->length / UNIT, w = 4 / (1 + exp(10 - fabs((double)a[0])));
    const double c = fabs((double)a[e->count]) / e->scale;
    return (struct gaussian){
        .centre = e->length / 2.0 + unit * SPAN * (c - 0.5), .deviation = SCALE * unit * w, .c = c, .w = w};
}

static bool reaches(const struct gaussian *g, int first, int count)
{
    return first + count >= g->centre - REACH * g->deviation && first <= g->centre + REACH * g->deviation;
}

static int run_count(const struct envelope *e, int first)
{
    return e->length - first < RUN ? e->length - first : RUN;
}

/* sum (RUN) = sample b's envelope at the cells from `first` on */
static void envelope_run(real *sum, const struct envelope *e, int b, int first)
{
    const int count = run_count(e, first);
    memset(sum, 0, RUN * sizeof *sum);
    for (int k = 0; k < e->count; k++) {
        const struct gaussian g = gaussian_of(e, b, k);
        if (!reaches(&g, first, count)) continue;
        for (int i = 0; i < count; i++) {
            const double t = (first + i - g.centre) / g.deviation;
            sum[i] += fast_exp((real)(-0.5 * t * t));
        }
    }
}

static void sample_forward(real *y, real *peak, const real *x, const struct envelope *e, int b)
{
    const size_t channels = (size_t)e->channels, size = (size_t)e->length * channels;
    for (int first = 0; first < e->length; first += RUN) {
        const size_t start = (size_t)first * channels, count = (size_t)run_count(e, first) * channels;
        real sum[RUN];
        envelope_run(sum, e, b, first);
        for (size_t i = 0; i < count; i++) y[start + i] = x[start + i] * sum[i / channels];
    }
    const size_t at = argmax_of(y, size);
    peak[0] = y[at], peak[1] = (real)at;
    const real inverse = (real)(1 / fmax((double)y[at], LEAST_PEAK));
    for (size_t i = 0; i < size; i++) y[i] *= inverse;
}

void cpu_envelope(struct tensor y, struct tensor peak, struct tensor x, struct tensor a)
{
    const struct envelope e = envelope_of(a, x);
#pragma omp parallel for
    for (int b = 0; b < x.batch; b++) {
        const size_t at = (size_t)b * (size_t)x.length * (size_t)x.channels;
        sample_forward(cpu_values(y.data) + at, cpu_values(peak.data) + 2 * b, cpu_values(x.data) + at, &e,
                       b);
    }
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

/* The gradients by a Gaussian's w_g and c_g. */
struct slopes {
    double w, c;
};

/* Adds those from the cells first … first + count - 1, where the envelope's gradient is de. */
static void gaussian_backward(struct slopes *slopes, const double *de, const struct gaussian *g, int first,
                              int count, int length)
{
    double by_width = 0, by_centre = 0;
    if (!reaches(g, first, count)) return;
    for (int i = 0; i < count; i++) {
        const double t = (first + i - g->centre) / g->deviation;
        const double along = de[i] * (double)fast_exp((real)(-0.5 * t * t)) * t;
        by_width += along * t;
        by_centre += along;
    }
    slopes->w += by_width / g->w;
    slopes->c += by_centre * SPAN * length / UNIT / g->deviation;
}

/* dx holds dv on entry; slopes (Gaussians) are added to. */
static void multiply_backward(real *dx, struct slopes *slopes, const real *x, const struct envelope *e, int b)
{
    const size_t channels = (size_t)e->channels;
    for (int first = 0; first < e->length; first += RUN) {
        const int count = run_count(e, first);
        const size_t start = (size_t)first * channels;
        real sum[RUN];
        double de[RUN] = {0};
        envelope_run(sum, e, b, first);
        for (size_t i = 0; i < (size_t)count * channels; i++) {
            de[i / channels] += (double)dx[start + i] * (double)x[start + i];
            dx[start + i] *= sum[i / channels];
        }
        for (int k = 0; k < e->count; k++) {
            const struct gaussian g = gaussian_of(e, b, k);
            gaussian_backward(&slopes[k], de, &g, first, count, e->length);
        }
    }
}

static double sign_of(real x)
{
    return (x > 0) - (x < 0);
}

/* From the gradients by w_g and c_g, which stand in da, to those by a: the second go through the scale too.
 * Of the largest centre itself both ways together leave the share that the margin has of the scale. */
static void parameters_backward(struct tensor da, const struct envelope *e)
{
    const real *from = cpu_values(e->a.data);
    real *to = cpu_values(da.data);
    double by_scale = 0;
    for (int b = 0; b < da.batch; b++, from += da.channels, to += da.channels)
        for (int k = 0; k < e->count; k++) {
            const struct gaussian g = gaussian_of(e, b, k);
            const double by_share = (double)to[e->count + k] / e->scale;
            to[k] = (real)((double)to[k] * g.w * (1 - g.w / 4) * sign_of(from[k]));
            const bool largest = from + e->count + k == cpu_values(e->a.data) + e->largest;
            const double kept = largest ? CENTRE_MARGIN / e->scale : 1;
            to[e->count + k] = (real)(by_share * kept * sign_of(from[e->count + k]));
            by_scale -= largest ? 0 : by_share * g.c;
        }
    cpu_values(da.data)[e->largest] += (real)(by_scale * sign_of(cpu_values(e->a.data)[e->largest]));
}

void cpu_envelope_backward(struct tensor dx, struct tensor da, struct tensor dy, struct tensor y,
                           struct tensor peak, struct tensor x, struct tensor a)
{
    const size_t size = (size_t)x.length * (size_t)x.channels;
    const struct envelope e = envelope_of(a, x);
#pragma omp parallel for
    for (int b = 0; b < x.batch; b++) {
        const size_t at = (size_t)b * size;
        struct slopes slopes[e.count];
        real *to = cpu_values(da.data) + (size_t)b * (size_t)da.channels;
        memset(slopes, 0, sizeof slopes);
        divide_backward(cpu_values(dx.data) + at, cpu_values(dy.data) + at, cpu_values(y.data) + at,
                        cpu_values(peak.data) + 2 * b, size);
        multiply_backward(cpu_values(dx.data) + at, slopes, cpu_values(x.data) + at, &e, b);
        for (int k = 0; k < e.count; k++) to[k] = (real)slopes[k].w, to[e.count + k] = (real)slopes[k].c;
    }
    parameters_backward(da, &e);
}
