/* The generator's losses on keys, sample by sample: a value, and where wanted its gradient. */
#include <math.h>

#include "kernels/cpu/cpu.h"
#include "kernels/cpu/keys-statistics.h"

static const double EPSILON = 0.001; /* inside logarithms */

struct sample {
    real *dx; /* NULL: values only */
    const real *x, *r;
    struct keys_shape shape;
    double sounding; /* share of sounding cells in the whole batch */
};

/* The loss of one sample; adds weight times its gradient. */
typedef double sample_loss(const struct sample *s, double weight);

static size_t key_cells(const struct sample *s)
{
    return 2 * (size_t)s->shape.frames;
}

/* Smooth L1, beta 1. */
static double reconstruction(const struct sample *s, double weight)
{
    const size_t count = keys_cells(s->shape);
    const real slope = (real)(weight / (double)count);
    double sum = 0;
    for (size_t i = 0; i < count; i++) {
        const real d = s->x[i] - s->r[i], bounded = d < -1 ? -1 : d > 1 ? 1 : d;
        sum += (double)(bounded * (d - bounded / 2));
        if (s->dx) s->dx[i] += slope * bounded;
    }
    return sum / (double)count;
}

enum { COLUMNS = 256 /* cells of a key that are taken at a time */ };

/* Sums over neighbouring keys of |x[k] - x[k+1]|, for `count` cells from `x` on. */
static void sum_steps(real *sums, const real *x, struct keys_shape shape, size_t count)
{
    const size_t next = 2 * (size_t)shape.frames;
    for (size_t i = 0; i < count; i++) sums[i] = 0;
    for (int k = 0; k + 1 < shape.keys; k++, x += next)
        for (size_t i = 0; i < count; i++)
            sums[i] += x[i] > x[next + i] ? x[i] - x[next + i] : x[next + i] - x[i];
}

static void steps_gradient(real *dx, const real *x, const real *slopes, struct keys_shape shape, size_t count)
{
    const size_t next = 2 * (size_t)shape.frames;
    for (int k = 0; k + 1 < shape.keys; k++, x += next, dx += next)
        for (size_t i = 0; i < count; i++) {
            const real sign = (real)((x[i] > x[next + i]) - (x[i] < x[next + i]));
            dx[i] += slopes[i] * sign;
            dx[next + i] -= slopes[i] * sign;
        }
}

static double no_seconds(const struct sample *s, double weight)
{
    const size_t columns = key_cells(s);
    double sum = 0;
    for (size_t first = 0; first < columns; first += COLUMNS) {
        const size_t count = columns - first < COLUMNS ? columns - first : COLUMNS;
        real steps[COLUMNS];
        sum_steps(steps, s->x + first, s->shape, count);
        for (size_t i = 0; i < count; i++) {
            sum += log((double)steps[i] + EPSILON);
            steps[i] = (real)(-weight / (double)columns / ((double)steps[i] + EPSILON));
        }
        if (s->dx) steps_gradient(s->dx + first, s->x + first, steps, s->shape, count);
    }
    return -sum / (double)columns;
}

/* The part of "no silence" that a key has by its deviation and its mean, where that is above 0.1. */
static double key_presence(real *dx, const real *x, size_t cells, double weight)
{
    const struct moments m = moments_of(x, cells, 1);
    const double mean = m.mean > 0.1 ? m.mean : 0;
    if (dx) {
        const real slope = mean > 0 ? (real)(weight * -0.001 / (mean + EPSILON) / (double)cells) : 0;
        moments_std_gradient(dx, x, cells, 1, m, -weight / (m.std + EPSILON));
        for (size_t i = 0; slope != 0 && i < cells; i++) dx[i] += slope;
    }
    return -log(m.std + EPSILON) - 0.001 * log(mean + EPSILON);
}

static double no_silence(const struct sample *s, double weight)
{
    const double silence = exp(-20 * s->sounding);
    double sum = 0;
    for (int k = 0; k < s->shape.keys; k++) {
        const size_t at = (size_t)k * key_cells(s);
        sum += key_presence(s->dx ? s->dx + at : NULL, s->x + at, key_cells(s), weight / s->shape.keys);
    }
    if (s->dx) keys_sounding_gradient(s->dx, s->x, s->shape, weight * -20 * silence);
    return silence + sum / s->shape.keys;
}

static double melody(const struct sample *s, double weight)
{
    const struct melody m = melody_of(s->x, s->shape);
    const double mean = (m.of[0].value + m.of[1].value + m.of[2].value) / 3;
    const double bounded = mean <= 0.01 ? 0.01 : mean; /* NaN stays NaN */
    const double slope = -weight / (bounded + EPSILON) / 3, slopes[3] = {slope, slope, slope};
    if (s->dx && mean > 0.01) melody_gradient(s->dx, s->x, s->shape, &m, slopes);
    return -log(bounded + EPSILON);
}

static double melody_match(const struct sample *s, double weight)
{
    const struct melody m = melody_of(s->x, s->shape), wanted = melody_of(s->r, s->shape);
    double sum = 0, slopes[3];
    for (int i = 0; i < 3; i++) {
        const double difference = m.of[i].value - wanted.of[i].value;
        sum += difference * difference;
        slopes[i] = 2 * weight * difference;
    }
    if (s->dx) melody_gradient(s->dx, s->x, s->shape, &m, slopes);
    return sum;
}

static double std_match(const struct sample *s, double weight)
{
    const int frames = s->shape.frames;
    double sum = 0;
    for (int k = 0; k < s->shape.keys; k++) {
        const size_t at = (size_t)k * key_cells(s);
        const double difference = key_deviation(s->x + at, frames) - key_deviation(s->r + at, frames);
        sum += difference * difference;
        if (s->dx)
            key_deviation_gradient(s->dx + at, s->x + at, frames, 2 * weight * difference / s->shape.keys);
    }
    return sum / s->shape.keys;
}

static double min_max_match(const struct sample *s, double weight)
{
    double sum = 0;
    for (int k = 0; k < s->shape.keys; k++) {
        const size_t at = (size_t)k * key_cells(s);
        const struct key_extent e = key_extent_of(s->x + at, s->shape.frames);
        const struct key_extent wanted = key_extent_of(s->r + at, s->shape.frames);
        const double largest = e.largest - wanted.largest, least = e.least - wanted.least;
        const double mean = e.mean - wanted.mean, slope = 2 * weight / s->shape.keys;
        sum += largest * largest + least * least + mean * mean;
        if (!s->dx) continue;
        s->dx[at + e.largest_at] += (real)(slope * largest);
        s->dx[at + e.least_at] += (real)(slope * least);
        for (size_t i = at; i < at + key_cells(s); i++)
            s->dx[i] += (real)(slope * mean / (double)key_cells(s));
    }
    return sum / s->shape.keys;
}

static sample_loss *const losses[GENERATOR_LOSSES] = {
    [G_RECONSTRUCTION] = reconstruction, [G_NO_SECONDS] = no_seconds,
    [G_NO_SILENCE] = no_silence,         [G_MELODY] = melody,
    [G_MELODY_MATCH] = melody_match,     [G_STD_MATCH] = std_match,
    [G_MIN_MAX_MATCH] = min_max_match,
};

/* The mean over the batch, which one sample's gradient needs too. */
static double batch_sounding(struct tensor x, struct keys_shape shape)
{
    double shares[x.batch], sum = 0;
#pragma omp parallel for
    for (int b = 0; b < x.batch; b++)
        shares[b] = keys_sounding(cpu_values(x.data) + (size_t)b * keys_cells(shape), shape);
    for (int b = 0; b < x.batch; b++) sum += shares[b];
    return sum / x.batch;
}

void cpu_generator_losses(device values, struct tensor dx, struct tensor x, struct tensor r,
                          struct keys_shape shape, const real weights[GENERATOR_LOSSES], bool all)
{
    double found[x.batch][GENERATOR_LOSSES];
    const double sounding = all || weights[G_NO_SILENCE] != 0 ? batch_sounding(x, shape) : 0;
#pragma omp parallel for
    for (int b = 0; b < x.batch; b++) {
        const size_t at = (size_t)b * keys_cells(shape);
        struct sample sample = {NULL, cpu_values(x.data) + at, cpu_values(r.data) + at, shape, sounding};
        for (int i = 0; i < GENERATOR_LOSSES; i++) {
            sample.dx = dx.data && weights[i] != 0 ? cpu_values(dx.data) + at : NULL;
            found[b][i] = all || weights[i] != 0 ? losses[i](&sample, (double)weights[i] / x.batch) : 0;
        }
    }
    for (int i = 0; i < GENERATOR_LOSSES; i++) {
        double sum = 0;
        for (int b = 0; b < x.batch; b++) sum += found[b][i];
        cpu_values(values)[i] += (real)(sum / x.batch);
    }
}
