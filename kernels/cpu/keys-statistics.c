/* Statistics of keys that the losses compare: moments, extremes, correlations, the share of sounding cells.
 */
#include "kernels/cpu/keys-statistics.h"

#include <math.h>

#include "kernels/cpu/argmax.h"
#include "kernels/cpu/fast-math.h"

/* Sums of squares around the mean below this share of those around the first value are rounding. */
static const double ROUNDING = 1e-12;

/* A row of less variance counts as constant in a correlation: it is rounding, and no gradient overflows. */
static const double LEAST_VARIANCE = 1e-12;

static const real SOUNDING_AT = (real)0.05, SOUNDING_WIDTH = (real)0.01;

/* Sums of differences from the first value, and of their squares: 0 for constant values. */
struct sums {
    double sum, squares;
};

static inline struct sums sums_of(const real *x, size_t count, int stride)
{
    double sum = 0, squares = 0;
    const double pivot = (double)x[0];
#pragma omp simd reduction(+ : sum, squares)
    for (size_t i = 0; i < count; i++) {
        const double d = (double)x[i * (size_t)stride] - pivot;
        sum += d;
        squares += d * d;
    }
    return (struct sums){sum, squares};
}

/* Σ(x - mean)² */
static double squares_around_mean(struct sums s, size_t count)
{
    const double around_mean = s.squares - s.sum * s.sum / (double)count;
    return around_mean <= ROUNDING * s.squares ? 0 : around_mean; /* NaN stays NaN */
}

struct moments moments_of(const real *x, size_t count, int stride)
{
    const struct sums s = stride == 1 ? sums_of(x, count, 1) : sums_of(x, count, 2);
    const double std = count > 1 ? sqrt(squares_around_mean(s, count) / (double)(count - 1)) : 0;
    return (struct moments){(double)x[0] + s.sum / (double)count, std};
}

void moments_std_gradient(real *dx, const real *x, size_t count, int stride, struct moments m, double weight)
{
    if (m.std <= 0) return;
    const real slope = (real)(weight / (m.std * (double)(count - 1))), mean = (real)m.mean;
    for (size_t i = 0; i < count * (size_t)stride; i += (size_t)stride) dx[i] += slope * (x[i] - mean);
}

double key_deviation(const real *x, int frames)
{
    return (moments_of(x, (size_t)frames, 2).std + moments_of(x + 1, (size_t)frames, 2).std) / 2;
}

void key_deviation_gradient(real *dx, const real *x, int frames, double weight)
{
    for (int c = 0; c < 2; c++) {
        const struct moments m = moments_of(x + c, (size_t)frames, 2);
        moments_std_gradient(dx + c, x + c, (size_t)frames, 2, m, weight / 2);
    }
}

struct key_extent key_extent_of(const real *x, int frames)
{
    const size_t count = 2 * (size_t)frames;
    const real largest = max_of(x, count), least = min_of(x, count);
    return (struct key_extent){.largest = (double)largest,
                               .least = (double)least,
                               .mean = moments_of(x, count, 1).mean,
                               .largest_at = first_equal(x, count, largest),
                               .least_at = first_equal(x, count, least)};
}

/* a, b: count values 2 apart */
static struct correlation correlation_of(const real *a, const real *b, size_t count)
{
    if (count < 2) return (struct correlation){0};
    const struct sums sa = sums_of(a, count, 2), sb = sums_of(b, count, 2);
    const double va = squares_around_mean(sa, count), vb = squares_around_mean(sb, count), n = (double)count;
    struct correlation c = {.mean_a = (double)a[0] + sa.sum / n, .mean_b = (double)b[0] + sb.sum / n};
    if (va <= n * LEAST_VARIANCE || vb <= n * LEAST_VARIANCE) return c;
    double products = 0;
#pragma omp simd reduction(+ : products)
    for (size_t i = 0; i < count; i++)
        products += ((double)a[2 * i] - c.mean_a) * ((double)b[2 * i] - c.mean_b);
    c.inverse = 1 / sqrt(va * vb);
    c.value = products * c.inverse;
    c.slope_a = c.value / va, c.slope_b = c.value / vb;
    return c;
}

/* The two vectors of correlation i. */
struct vectors {
    size_t a, b, count; /* indices of the first values; how many, 2 apart */
};

static struct vectors melody_vectors(struct keys_shape shape, int i)
{
    const size_t key = 2 * (size_t)shape.frames, count = (size_t)(shape.keys - 1) * (size_t)shape.frames;
    return i < 2 ? (struct vectors){(size_t)i, key + (size_t)i, count} : (struct vectors){0, 1, count};
}

struct melody melody_of(const real *x, struct keys_shape shape)
{
    struct melody m;
    for (int i = 0; i < 3; i++) {
        const struct vectors v = melody_vectors(shape, i);
        m.of[i] = correlation_of(x + v.a, x + v.b, v.count);
    }
    return m;
}

/* da += toward * (b - mean_b) - back * (a - mean_a) */
static void correlation_gradient(real *da, const real *a, const real *b, size_t count, double mean_a,
                                 double mean_b, double toward, double back)
{
    const real shift = (real)(back * mean_a - toward * mean_b), t = (real)toward, k = (real)back;
    for (size_t i = 0; i < 2 * count; i += 2) da[i] += t * b[i] - k * a[i] + shift;
}

void melody_gradient(real *dx, const real *x, struct keys_shape shape, const struct melody *m,
                     const double weights[3])
{
    for (int i = 0; i < 3; i++) {
        const struct vectors v = melody_vectors(shape, i);
        const struct correlation *c = &m->of[i];
        const double toward = weights[i] * c->inverse;
        if (toward == 0) continue;
        correlation_gradient(dx + v.a, x + v.a, x + v.b, v.count, c->mean_a, c->mean_b, toward,
                             weights[i] * c->slope_a);
        correlation_gradient(dx + v.b, x + v.b, x + v.a, v.count, c->mean_b, c->mean_a, toward,
                             weights[i] * c->slope_b);
    }
}

double keys_sounding(const real *x, struct keys_shape shape)
{
    double sum = 0;
    for (size_t i = 0; i < keys_cells(shape); i++)
        sum += (double)fast_sigmoid((x[i] - SOUNDING_AT) / SOUNDING_WIDTH);
    return sum / (double)keys_cells(shape);
}

void keys_sounding_gradient(real *dx, const real *x, struct keys_shape shape, double weight)
{
    const real slope = (real)(weight / (double)keys_cells(shape)) / SOUNDING_WIDTH;
    for (size_t i = 0; i < keys_cells(shape); i++) {
        const real s = fast_sigmoid((x[i] - SOUNDING_AT) / SOUNDING_WIDTH);
        dx[i] += slope * s * (1 - s);
    }
}
