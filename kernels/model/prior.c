#include "kernels/model/prior.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/fail.h"
#include "common/memory.h"

/* Of loops; their lengths in intervals. */
static const struct {
    double share[2], period[2];
} weak = {{0, 0.5}, {15, 95}}, strong = {{0.8, 1}, {55, 95}};

enum { CALIBRATED = sizeof(struct calibration) / sizeof(real) };

static size_t side_of(const struct prior *p)
{
    return (size_t)p->latents * (size_t)p->channels;
}

/* Where a row of a lower triangle begins. */
static size_t row_start(size_t row)
{
    return row * (row + 1) / 2;
}

void prior_make(struct prior *p, struct parameters *parameters, int latents, int channels, int latent_frames)
{
    struct initialisation zero = {INITIAL_ZERO, 0};
    *p = (struct prior){parameters->session, latents, channels, latent_frames, {0}, {0}, {0}};
    int side = (int)side_of(p);
    parameters_declare_statistic(parameters, &p->mean, "prior", "mean", zero, side);
    parameters_declare_statistic(parameters, &p->factor, "prior", "factor", zero,
                                 (int)row_start(side_of(p)));
    parameters_declare_statistic(parameters, &p->calibration, "prior", "calibration", zero, CALIBRATED);
}

struct prior_sums {
    size_t side, count;
    double *mu, *variance; /* (side) */
    double *products;      /* lower triangle of the sum of mu mu^T */
};

struct prior_sums *prior_sums_new_or_die(const struct prior *p)
{
    struct prior_sums *s = allocate_or_die(1, sizeof *s);
    s->side = side_of(p);
    s->mu = allocate_or_die(s->side, sizeof s->mu[0]);
    s->variance = allocate_or_die(s->side, sizeof s->variance[0]);
    s->products = allocate_or_die(row_start(s->side), sizeof s->products[0]);
    return s;
}

void prior_sums_add(struct prior_sums *s, const real *mu, const real *logvar, size_t count)
{
    size_t side = s->side;
    s->count += count;
#pragma omp parallel for schedule(dynamic, 16)
    for (size_t i = 0; i < side; i++) {
        double *row = s->products + row_start(i);
        for (size_t b = 0; b < count; b++) {
            const real *m = mu + b * side;
            const double mine = (double)m[i];
            s->mu[i] += mine;
            s->variance[i] += exp((double)logvar[b * side + i]);
            for (size_t j = 0; j <= i; j++) row[j] += mine * (double)m[j];
        }
    }
}

/* products becomes the covariance of the draws: that of the means, and the draws' own variances. */
static void to_covariance(struct prior_sums *s)
{
    double n = (double)s->count;
    for (size_t i = 0; i < s->side; i++) s->mu[i] /= n;
    for (size_t i = 0; i < s->side; i++) {
        double *row = s->products + row_start(i);
        for (size_t j = 0; j <= i; j++) row[j] = row[j] / n - s->mu[i] * s->mu[j];
        row[i] += s->variance[i] / n;
    }
}

static double dot(const double *a, const double *b, size_t count)
{
    double sum = 0;
#pragma omp simd reduction(+ : sum)
    for (size_t i = 0; i < count; i++) sum += a[i] * b[i];
    return sum;
}

/* A lower triangle becomes its Cholesky factor, column by column. */
static void factorise_or_die(double *a, size_t side)
{
    for (size_t j = 0; j < side; j++) {
        double *pivot = a + row_start(j);
        double left = pivot[j] - dot(pivot, pivot, j);
        if (!(left > 0)) die("the prior's covariance is not positive: the posterior is of no use");
        pivot[j] = sqrt(left);
#pragma omp parallel for schedule(static) if (side - j > 512)
        for (size_t i = j + 1; i < side; i++) {
            double *row = a + row_start(i);
            row[j] = (row[j] - dot(row, pivot, j)) / pivot[j];
        }
    }
}

static void upload_doubles(const struct ops *ops, device to, const double *from, size_t count)
{
    real *values = allocate_or_die(count, sizeof values[0]);
    for (size_t i = 0; i < count; i++) values[i] = (real)from[i];
    ops->upload(to, values, count);
    free(values);
}

void prior_fit(struct prior *p, struct prior_sums *s)
{
    const struct ops *ops = p->session->ops;
    to_covariance(s);
    factorise_or_die(s->products, s->side);
    for (size_t i = 0; i < s->side; i++) s->products[row_start(i) + i] -= 1;
    upload_doubles(ops, p->mean.value, s->mu, s->side);
    upload_doubles(ops, p->factor.value, s->products, row_start(s->side));
    free(s->mu);
    free(s->variance);
    free(s->products);
    free(s);
}

struct repeats {
    double share; /* 0 … 1 */
    int period;   /* latents */
};

static double between(const double ends[2], uint32_t bits)
{
    return ends[0] + (ends[1] - ends[0]) * (double)random_uniform(bits);
}

static struct repeats repeats_draw(const struct prior *p, real repetition, struct prior_loop loop)
{
    uint32_t bits[4];
    random_block(loop.key, loop.index, bits);
    bool repeats = (real)random_uniform(bits[2]) < repetition;
    int period = (int)lround(between(repeats ? strong.period : weak.period, bits[1]) / p->latent_frames);
    return (struct repeats){between(repeats ? strong.share : weak.share, bits[0]), period > 0 ? period : 1};
}

/* e (side) of one sample. */
static void repeat(const struct prior *p, double *e, const real *noise, struct repeats loop)
{
    size_t width = (size_t)p->channels, side = side_of(p), period = (size_t)loop.period * width;
    double again = sqrt(loop.share), fresh = sqrt(1 - loop.share);
    for (size_t i = 0; i < side; i++)
        e[i] = again * (double)noise[i % period] + fresh * (double)noise[side + i];
}

void prior_draw(const struct prior *p, real *z, const real *noise, const struct prior_loop *loops, int batch)
{
    const struct ops *ops = p->session->ops;
    size_t side = side_of(p);
    struct calibration chosen = prior_calibration(p);
    double temperature = 1 + (double)chosen.warmth;
    real *mean = allocate_or_die(side, sizeof mean[0]);
    real *factor = allocate_or_die(row_start(side), sizeof factor[0]);
    double *e = allocate_or_die(side, sizeof e[0]);
    ops->download(mean, p->mean.value, side);
    ops->download(factor, p->factor.value, row_start(side));
    for (int b = 0; b < batch; b++) {
        repeat(p, e, noise + (size_t)b * 2 * side, repeats_draw(p, chosen.repetition, loops[b]));
        for (size_t i = 0; i < side; i++) {
            double sum = e[i];
            for (size_t j = 0; j <= i; j++) sum += (double)factor[row_start(i) + j] * e[j];
            z[(size_t)b * side + i] = (real)((double)mean[i] + temperature * sum);
        }
    }
    free(mean);
    free(factor);
    free(e);
}

struct calibration prior_calibration(const struct prior *p)
{
    struct calibration calibration;
    p->session->ops->download((real *)&calibration, p->calibration.value, CALIBRATED);
    return calibration;
}

void prior_calibrate(const struct prior *p, struct calibration calibration)
{
    p->session->ops->upload(p->calibration.value, (const real *)&calibration, CALIBRATED);
}
