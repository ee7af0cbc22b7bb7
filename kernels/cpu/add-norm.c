/* An addition with dropout, then layer normalisation (Ba, Kiros, Hinton 2016). */
#include <math.h>
#include <string.h>

#include "kernels/cpu/cpu.h"
#include "kernels/cpu/dropout.h"

static const double EPSILON = 1e-5;

enum { STRIPE = 64 /* channels whose parameters' gradients are summed at a time */ };

struct row {
    real mean, inverse; /* of the sum; 1 / sqrt(variance + epsilon) */
};

struct add_norm {
    struct dropout dropout;
    struct row *rows; /* (batch, length) */
};

struct add_norm *cpu_add_norm_new_or_die(int batch, int length, struct dropout dropout)
{
    struct add_norm *norm = cpu_memory_or_die(1, sizeof *norm);
    norm->dropout = dropout;
    norm->rows = cpu_memory_or_die((size_t)batch * (size_t)length, sizeof *norm->rows);
    return norm;
}

void cpu_add_norm_free(struct add_norm *norm)
{
    if (!norm) return;
    cpu_memory_release(norm->rows);
    cpu_memory_release(norm);
}

static struct row row_statistics(const real *x, int channels)
{
    real sum = 0, squares = 0;
#pragma omp simd reduction(+ : sum)
    for (int c = 0; c < channels; c++) sum += x[c];
    const real mean = sum / (real)channels;
#pragma omp simd reduction(+ : squares)
    for (int c = 0; c < channels; c++) squares += (x[c] - mean) * (x[c] - mean);
    return (struct row){mean, (real)(1 / sqrt((double)squares / channels + EPSILON))};
}

void cpu_add_norm_forward(struct add_norm *norm, struct tensor y, struct tensor x, struct tensor f,
                          device scale, device shift, struct pass pass)
{
    const int channels = x.channels;
    const real *weight = cpu_values(scale), *bias = cpu_values(shift);
#pragma omp parallel for
    for (int i = 0; i < x.batch * x.length; i++) {
        const size_t at = (size_t)i * (size_t)channels;
        const real *from = cpu_values(x.data) + at;
        real *sum = cpu_values(f.data) + at, *to = cpu_values(y.data) + at;
        cpu_dropout_apply(sum, at, (size_t)channels, norm->dropout, pass);
        for (int c = 0; c < channels; c++) sum[c] += from[c];
        const struct row row = norm->rows[i] = row_statistics(sum, channels);
        for (int c = 0; c < channels; c++) to[c] = (sum[c] - row.mean) * row.inverse * weight[c] + bias[c];
    }
}

/* Adds to dscale and dshift of STRIPE channels from `first` on, summing over all rows in order. */
static void stripe_parameters(const struct row *rows, real *dscale, real *dshift, struct tensor dy,
                              struct tensor sum, int first)
{
    double scale[STRIPE] = {0}, shift[STRIPE] = {0};
    const int width = dy.channels - first < STRIPE ? dy.channels - first : STRIPE;
    for (int i = 0; i < dy.batch * dy.length; i++) {
        const size_t at = (size_t)i * (size_t)dy.channels + (size_t)first;
        const real *d = cpu_values(dy.data) + at, *s = cpu_values(sum.data) + at;
        const struct row row = rows[i];
        for (int c = 0; c < width; c++) {
            scale[c] += (double)(d[c] * (s[c] - row.mean) * row.inverse);
            shift[c] += (double)d[c];
        }
    }
    for (int c = 0; c < width; c++) {
        dscale[first + c] += (real)scale[c];
        dshift[first + c] += (real)shift[c];
    }
}

/* dx = (g - mean(g) - n mean(g n)) * inverse, with g = dy * scale and n the normalised row. */
static void row_backward(real *dx, const real *dy, const real *sum, const real *weight, struct row row,
                         int channels)
{
    real total = 0, along = 0;
#pragma omp simd reduction(+ : total, along)
    for (int c = 0; c < channels; c++) {
        const real g = dy[c] * weight[c];
        total += g;
        along += g * (sum[c] - row.mean);
    }
    const real mean = total / (real)channels;
    const real slope = along / (real)channels * row.inverse * row.inverse;
    for (int c = 0; c < channels; c++)
        dx[c] = (dy[c] * weight[c] - mean - (sum[c] - row.mean) * slope) * row.inverse;
}

void cpu_add_norm_backward(struct add_norm *norm, struct tensor dx, struct tensor df, device dscale,
                           device dshift, struct tensor dy, struct tensor sum, device scale, struct pass pass)
{
    const size_t channels = (size_t)dy.channels;
#pragma omp parallel for
    for (int first = 0; first < dy.channels; first += STRIPE)
        stripe_parameters(norm->rows, cpu_values(dscale), cpu_values(dshift), dy, sum, first);
#pragma omp parallel for
    for (int i = 0; i < dy.batch * dy.length; i++) {
        const size_t at = (size_t)i * channels;
        real *to = cpu_values(dx.data) + at, *branch = cpu_values(df.data) + at;
        row_backward(to, cpu_values(dy.data) + at, cpu_values(sum.data) + at, cpu_values(scale),
                     norm->rows[i], dy.channels);
        memcpy(branch, to, channels * sizeof *branch);
        cpu_dropout_apply(branch, at, channels, norm->dropout, pass);
    }
}
