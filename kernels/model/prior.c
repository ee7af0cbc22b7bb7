#include "kernels/model/prior.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/fail.h"
#include "common/memory.h"

static const double PERIOD[2] = {40, 95}; /* of a loop, in intervals */

enum { CALIBRATED = sizeof(struct calibration) / sizeof(real) };

static size_t side_of(const struct prior *p)
{
    return (size_t)p->latents * (size_t)p->channels;
}

size_t prior_row(size_t row)
{
    return row * (row + 1) / 2;
}

void prior_make(struct prior *p, struct parameters *parameters, int latents, int channels, int latent_frames)
{
    struct initialisation zero = {INITIAL_ZERO, 0};
    *p = (struct prior){parameters->session, latents, channels, latent_frames, {0}, {0}, {0}};
    int side = (int)side_of(p);
    parameters_declare_statistic(parameters, &p->mean, "prior", "mean", zero, side);
    parameters_declare_statistic(parameters, &p->factor, "prior", "factor", zero, (int)prior_row(side_of(p)));
    parameters_declare_statistic(parameters, &p->calibration, "prior", "calibration", zero, CALIBRATED);
}

struct prior_sums {
    size_t latents, channels, side, count;
    double *mu, *variance; /* (side) */
    double *products;      /* lower triangle of the sum of mu mu^T */
};

struct prior_sums *prior_sums_new_or_die(const struct prior *p)
{
    struct prior_sums *s = allocate_or_die(1, sizeof *s);
    s->latents = (size_t)p->latents;
    s->channels = (size_t)p->channels;
    s->side = side_of(p);
    s->mu = allocate_or_die(s->side, sizeof s->mu[0]);
    s->variance = allocate_or_die(s->side, sizeof s->variance[0]);
    s->products = allocate_or_die(prior_row(s->side), sizeof s->products[0]);
    return s;
}

void prior_sums_add(struct prior_sums *s, const real *mu, const real *logvar, size_t count)
{
    size_t side = s->side;
    s->count += count;
#pragma omp parallel for schedule(dynamic, 16)
    for (size_t i = 0; i < side; i++) {
        double *row = s->products + prior_row(i);
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
        double *row = s->products + prior_row(i);
        for (size_t j = 0; j <= i; j++) row[j] = row[j] / n - s->mu[i] * s->mu[j];
        row[i] += s->variance[i] / n;
    }
}

/* The covariance of two channels, one `lag` latents after the other, becomes the same at every moment: the
 * sum over the moments that have one so much earlier, divided by the number of all. */
static void level_lag(struct prior_sums *s, size_t lag, size_t later, size_t earlier)
{
    double sum = 0, *first = s->products + earlier;
    for (size_t t = lag; t < s->latents; t++)
        sum += first[prior_row(t * s->channels + later) + (t - lag) * s->channels];
    for (size_t t = lag; t < s->latents; t++)
        first[prior_row(t * s->channels + later) + (t - lag) * s->channels] = sum / (double)s->latents;
}

/* A record begins at any moment of its song, so mean and covariance are the same at every moment; where the
 * sums differ from one to another it is by chance, and would make what repeats sound different each time.
 * This estimate of the autocovariance, the biased one, is positive definite where the covariance is. */
static void make_stationary(struct prior_sums *s)
{
    size_t width = s->channels;
    for (size_t c = 0; c < width; c++) {
        double sum = 0;
        for (size_t i = c; i < s->side; i += width) sum += s->mu[i];
        for (size_t i = c; i < s->side; i += width) s->mu[i] = sum / (double)s->latents;
    }
    for (size_t lag = 0; lag < s->latents; lag++)
        for (size_t later = 0; later < width; later++)
            for (size_t earlier = 0; earlier < (lag ? width : later + 1); earlier++)
                level_lag(s, lag, later, earlier);
}

double prior_dot(const double *a, const double *b, size_t count)
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
        double *pivot = a + prior_row(j);
        double left = pivot[j] - prior_dot(pivot, pivot, j);
        if (!(left > 0)) die("the prior's covariance is not positive: the posterior is of no use");
        pivot[j] = sqrt(left);
#pragma omp parallel for schedule(static) if (side - j > 512)
        for (size_t i = j + 1; i < side; i++) {
            double *row = a + prior_row(i);
            row[j] = (row[j] - prior_dot(row, pivot, j)) / pivot[j];
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
    make_stationary(s);
    factorise_or_die(s->products, s->side);
    for (size_t i = 0; i < s->side; i++) s->products[prior_row(i) + i] -= 1;
    upload_doubles(ops, p->mean.value, s->mu, s->side);
    upload_doubles(ops, p->factor.value, s->products, prior_row(s->side));
    free(s->mu);
    free(s->variance);
    free(s->products);
    free(s);
}

static double between(const double ends[2], uint32_t bits)
{
    return ends[0] + (ends[1] - ends[0]) * (double)random_uniform(bits);
}

struct noise_loop prior_noise_loop(const struct prior *p, struct sample_key loop, real fresh)
{
    uint32_t bits[4];
    random_block(loop.key, loop.index, bits);
    double share = 1 - (double)fresh * (double)random_uniform(bits[0]);
    return (struct noise_loop){sqrt(share), sqrt(1 - share),
                               (size_t)fmax(1, round(between(PERIOD, bits[1]) / p->latent_frames))};
}

/* e (side): what repeats, but for a share of at most `fresh`. */
static void repeat(const struct prior *p, double *e, const real *noise, struct sample_key loop, real fresh)
{
    struct noise_loop r = prior_noise_loop(p, loop, fresh);
    size_t side = side_of(p), period = r.period * (size_t)p->channels;
    for (size_t i = 0; i < side; i++)
        e[i] = r.again * (double)noise[i % period] + r.other * (double)noise[side + i];
}

void prior_download(const struct prior *p, double *mean, double *factor)
{
    const struct ops *ops = p->session->ops;
    size_t side = side_of(p), count = prior_row(side);
    real *values = allocate_or_die(count, sizeof values[0]);
    ops->download(values, p->mean.value, side);
    for (size_t i = 0; i < side; i++) mean[i] = (double)values[i];
    ops->download(values, p->factor.value, count);
    for (size_t i = 0; i < count; i++) factor[i] = (double)values[i];
    for (size_t i = 0; i < side; i++) factor[prior_row(i) + i] += 1;
    free(values);
}

/* In place: e (side) times the factor, which is there less the identity. */
static void times_factor(double *e, const real *factor, size_t side)
{
    for (size_t i = side; i-- > 0;) {
        const real *row = factor + prior_row(i);
        double sum = e[i];
        for (size_t j = 0; j <= i; j++) sum += (double)row[j] * e[j];
        e[i] = sum;
    }
}

/* Component `order` in time of a becomes that of b: DCT-II, orthonormal. */
static void exchange(const struct prior *p, double *a, const double *b, int order)
{
    size_t latents = (size_t)p->latents, width = (size_t)p->channels;
    double scale = sqrt((order ? 2.0 : 1.0) / p->latents);
    for (size_t c = 0; c < width; c++) {
        double sum = 0;
        for (size_t t = 0; t < latents; t++)
            sum += (b[t * width + c] - a[t * width + c]) * scale *
                   cos(M_PI * ((double)t + 0.5) * order / p->latents);
        for (size_t t = 0; t < latents; t++)
            a[t * width + c] += sum * scale * cos(M_PI * ((double)t + 0.5) * order / p->latents);
    }
}

void prior_draw(const struct prior *p, real *z, const real *noise, const struct sample_key *loops, int batch)
{
    const struct ops *ops = p->session->ops;
    size_t side = side_of(p);
    struct calibration chosen = prior_calibration(p);
    real *mean = allocate_or_die(side, sizeof mean[0]);
    real *factor = allocate_or_die(prior_row(side), sizeof factor[0]);
    ops->download(mean, p->mean.value, side);
    ops->download(factor, p->factor.value, prior_row(side));
#pragma omp parallel for schedule(static)
    for (int b = 0; b < batch; b++) {
        const real *own = noise + (size_t)b * PRIOR_NOISES * side;
        double *e = allocate_or_die(2 * side, sizeof e[0]), *slow = e + side;
        repeat(p, e, own, loops[b], chosen.fresh);
        for (size_t i = 0; i < side; i++) slow[i] = (double)own[2 * side + i];
        times_factor(e, factor, side);
        times_factor(slow, factor, side);
        for (size_t i = 0; i < side; i++) slow[i] *= 1 + (double)chosen.breadth;
        for (int order = 0; order < (int)chosen.slow && order < p->latents; order++)
            exchange(p, e, slow, order);
        for (size_t i = 0; i < side; i++)
            z[(size_t)b * side + i] = (real)((double)mean[i] + (1 + (double)chosen.warmth) * e[i]);
        free(e);
    }
    free(mean);
    free(factor);
}

struct articulation prior_articulation(struct sample_key loop)
{
    static const double ENDS[2] = {-1, 1};
    uint32_t bits[4];
    random_block(loop.key, loop.index, bits);
    return (struct articulation){(real)between(ENDS, bits[2]), (real)between(ENDS, bits[3])};
}

void prior_gates(const struct prior *p, real *settings, const struct articulation *articulation, int batch)
{
    struct calibration chosen = prior_calibration(p);
    for (int b = 0; b < batch; b++, settings += GATE_SETTINGS) {
        settings[GATE_THRESHOLD] = chosen.threshold + chosen.spread * articulation[b].threshold;
        settings[GATE_SMOOTHING] = chosen.smoothing * (1 + articulation[b].smoothing);
    }
}

struct calibration prior_calibration(const struct prior *p)
{
    struct calibration calibration;
    p->session->ops->download((real *)&calibration, p->calibration.value, CALIBRATED);
    return calibration;
}

void prior_set_calibration(const struct prior *p, struct calibration calibration)
{
    p->session->ops->upload(p->calibration.value, (const real *)&calibration, CALIBRATED);
}
