/* The element-wise part of a block: activation, batch normalisation, dropout. */
#include <math.h>
#include <string.h>

#include "kernels/cpu/block.h"
#include "kernels/cpu/dropout.h"

static void activate(real *restrict h, int count, int channels, const real *restrict bias, real slope)
{
    for (int i = 0; i < count; i++, h += channels)
        for (int c = 0; c < channels; c++) {
            real v = h[c] + bias[c];
            h[c] = v > 0 ? v : slope * v;
        }
}

/* As activate; also sums h - pivot and its squares, the pivot being the first row: the differences are small
 * where the values are not. */
static void activate_and_sum(real *restrict h, int count, int channels, const real *restrict bias, real slope,
                             real *restrict pivot, real *restrict sum, real *restrict squares)
{
    for (int c = 0; c < channels; c++) {
        real v = h[c] + bias[c];
        pivot[c] = v > 0 ? v : slope * v;
        sum[c] = squares[c] = 0;
    }
    for (int i = 0; i < count; i++, h += channels)
        for (int c = 0; c < channels; c++) {
            real v = h[c] + bias[c];
            v = v > 0 ? v : slope * v;
            h[c] = v;
            real d = v - pivot[c];
            sum[c] += d;
            squares[c] += d * d;
        }
}

/* Joins a mean and a sum of squared differences over `b` rows to those over `a` rows (Chan, Golub and
 * LeVeque, "Updating formulae and a pairwise algorithm for computing sample variances", 1979). */
static void join_statistics(double *mean, double *squares, double a, double mean_b, double squares_b,
                            double b)
{
    double delta = mean_b - *mean;
    *mean += delta * b / (a + b);
    *squares += squares_b + delta * delta * a * b / (a + b);
}

void block_activate(struct block *block, struct block_scratch *group, size_t first, int count,
                    const real *bias, bool observe)
{
    int channels = block->shape.out;
    real *h = block->h + first * channels, slope = block->shape.slope;
    if (!observe) {
        activate(h, count, channels, bias, slope);
        return;
    }
    real *pivot = group->vectors, *sum = pivot + channels, *squares = sum + channels;
    activate_and_sum(h, count, channels, bias, slope, pivot, sum, squares);
    for (int c = 0; c < channels; c++) {
        double s = (double)sum[c], mean = (double)pivot[c] + s / count;
        join_statistics(&group->sums[c], &group->sums[channels + c], group->count, mean,
                        (double)squares[c] - s * s / count, count);
    }
    group->count += count;
}

/* The batch's statistics into the first group's sums; returns the number of rows. */
static double join_groups(struct block *block, int groups)
{
    struct block_scratch *all = block->groups;
    int channels = block->shape.out;
    double *mean = all[0].sums, *squares = mean + channels, rows = all[0].count;
    for (int g = 1; g < groups; rows += all[g++].count)
        for (int c = 0; all[g].count > 0 && c < channels; c++)
            join_statistics(&mean[c], &squares[c], rows, all[g].sums[c], all[g].sums[channels + c],
                            all[g].count);
    return rows;
}

static void move(real *running, double value, real momentum)
{
    *running = (real)((1 - (double)momentum) * (double)*running + (double)momentum * value);
}

static void batch_statistics(struct block *block, struct block_parameters p, int groups, bool update)
{
    const struct block_shape *s = &block->shape;
    double rows = join_groups(block, groups), *sums = block->groups[0].sums;
    for (int c = 0; c < s->out; c++) {
        double squares = fmax(sums[s->out + c], 0);
        block->mean[c] = (real)sums[c];
        block->inverse_std[c] = (real)(1 / sqrt(squares / rows + (double)s->epsilon));
        if (!update) continue;
        move(cpu_values(p.running_mean) + c, sums[c], s->momentum);
        move(cpu_values(p.running_variance) + c, rows > 1 ? squares / (rows - 1) : 0, s->momentum);
    }
}

static void running_statistics(struct block *block, struct block_parameters p)
{
    for (int c = 0; c < block->shape.out; c++) {
        double variance = (double)cpu_values(p.running_variance)[c];
        block->mean[c] = cpu_values(p.running_mean)[c];
        block->inverse_std[c] = (real)(1 / sqrt(variance + (double)block->shape.epsilon));
    }
}

void block_normalise(struct block *block, struct block_parameters p, int groups, struct pass pass)
{
    if (!block->shape.norm) return;
    if (pass.training)
        batch_statistics(block, p, groups, pass.update_statistics);
    else
        running_statistics(block, p);
    for (int c = 0; c < block->shape.out; c++) {
        block->norm_scale[c] = cpu_values(p.scale)[c] * block->inverse_std[c];
        block->norm_shift[c] = cpu_values(p.shift)[c];
    }
}

void block_affine(const struct block *block, real *restrict u, size_t first, int count,
                  const real *restrict factors)
{
    int channels = block->shape.out;
    const real *restrict h = block->h + first * channels;
    const real *restrict mean = block->mean, *restrict norm_scale = block->norm_scale,
                         *restrict norm_shift = block->norm_shift;
    for (int i = 0; i < count; i++, h += channels, u += channels) {
        for (int c = 0; c < channels; c++) u[c] = (h[c] - mean[c]) * norm_scale[c] + norm_shift[c];
        if (!factors) continue;
        for (int c = 0; c < channels; c++) u[c] *= factors[c];
        factors += channels;
    }
}

const real *block_dropout_factors(const struct block *block, struct block_scratch *group, size_t first,
                                  int count, struct pass pass)
{
    size_t channels = (size_t)block->shape.out;
    if (!cpu_drops(block->shape.dropout, pass)) return NULL;
    cpu_dropout_factors(group->factors, first * channels, (size_t)count * channels, block->shape.dropout,
                        pass);
    return group->factors;
}
