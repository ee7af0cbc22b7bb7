/* Estimates the prior: moments of draws from posteriors, averaged over time to a stationary autocovariance,
 * and the Cholesky factor of the covariance. */
#include "kernels/model/prior-sums.h"

#include <math.h>
#include <stdlib.h>

#include "common/fail.h"
#include "common/memory.h"

/* Of the covariance of records' means, what each sample has of its own; the rest is that of the centres. */
static const double OWN = 1.0 / 16;

struct prior_sums {
    size_t latents, channels, side, count, total;
    struct centres centres; /* means of latents, and not yet less the mean of all */
    double *mu, *variance;  /* (side): sums of means and of variances; then mu is the mean */
    double *products;       /* lower triangle of the sum of mu mu^T */
};

struct prior_sums *prior_sums_new_or_die(const struct prior *p, size_t total)
{
    struct prior_sums *s = allocate_or_die(1, sizeof *s);
    s->latents = (size_t)p->latents;
    s->channels = (size_t)p->channels;
    s->side = s->latents * s->channels;
    s->total = total;
    s->centres = prior_centres(p);
    s->mu = allocate_or_die(s->side, sizeof s->mu[0]);
    s->variance = allocate_or_die(s->side, sizeof s->variance[0]);
    s->products = allocate_or_die(prior_row(s->side), sizeof s->products[0]);
    return s;
}

/* Posterior number i of all is centres i * CENTRES / total …, as many as it stands for. */
static void add_centres(struct prior_sums *s, const real *mu, double interval, size_t i)
{
    size_t width = s->channels, end = (i + 1) * CENTRES / s->total;
    for (size_t centre = i * CENTRES / s->total; centre < end && centre < CENTRES; centre++) {
        double *latent = s->centres.latent + centre * width;
        s->centres.interval[centre] = interval;
        for (size_t j = 0; j < width; j++) latent[j] = 0;
        for (size_t j = 0; j < s->side; j++) latent[j % width] += (double)mu[j] / (double)s->latents;
    }
}

void prior_sums_add(struct prior_sums *s, const real *mu, const real *logvar, const double *interval,
                    size_t count)
{
    size_t side = s->side;
    for (size_t b = 0; b < count; b++)
        add_centres(s, mu + b * side, interval ? interval[b] : 0, s->count + b);
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

/* products becomes the covariance of draws from the posteriors (law of total variance): the covariance of
 * their means, plus on the diagonal the mean of their variances. */
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

static double covariance_of(const struct prior_sums *s, size_t i, size_t j)
{
    return s->products[i < j ? prior_row(j) + i : prior_row(i) + j];
}

/* with_mean (side, channels): the covariance of a value with the mean over time of each channel. between
 * (channels, channels): that of two such means. */
static void covariances_of_means(const struct prior_sums *s, double *with_mean, double *between)
{
    size_t width = s->channels;
    for (size_t i = 0; i < s->side; i++)
        for (size_t j = 0; j < s->side; j++)
            with_mean[i * width + j % width] += covariance_of(s, i, j) / (double)s->latents;
    for (size_t i = 0; i < s->side; i++)
        for (size_t c = 0; c < width; c++)
            between[i % width * width + c] += with_mean[i * width + c] / (double)s->latents;
}

/* The covariance of channel `later` at t with channel `earlier` at t - lag becomes the same for every t: a
 * sample's own share of that of the records' means, and the biased estimate of the autocovariance of what
 * deviates from them, the sum over all t >= lag divided by the number of all latents. */
static void average_lag(struct prior_sums *s, const double *with_mean, double between, size_t lag,
                        size_t later, size_t earlier)
{
    size_t width = s->channels;
    double sum = 0, *first = s->products + earlier;
    for (size_t t = lag; t < s->latents; t++)
        sum += first[prior_row(t * width + later) + (t - lag) * width] -
               with_mean[(t * width + later) * width + earlier] -
               with_mean[((t - lag) * width + earlier) * width + later] + between;
    for (size_t t = lag; t < s->latents; t++)
        first[prior_row(t * width + later) + (t - lag) * width] = OWN * between + sum / (double)s->latents;
}

/* A record begins at any moment, or beat, of its song, so mean and covariance are the same at every latent.
 * Where the estimates differ between latents it is by chance, and a loop would sound different each time it
 * repeats. A record keeps its mean, its key and its register, of which the centres know. The covariance of
 * what deviates is positive definite where that of all is. */
static void make_stationary(struct prior_sums *s)
{
    size_t width = s->channels;
    double *with_mean = allocate_or_die(s->side * width, sizeof *with_mean),
           *between = allocate_or_die(width * width, sizeof *between);
    covariances_of_means(s, with_mean, between);
    for (size_t c = 0; c < width; c++) {
        double sum = 0;
        for (size_t i = c; i < s->side; i += width) sum += s->mu[i];
        for (size_t i = c; i < s->side; i += width) s->mu[i] = sum / (double)s->latents;
    }
    for (size_t lag = 0; lag < s->latents; lag++)
        for (size_t later = 0; later < width; later++)
            for (size_t earlier = 0; earlier < (lag ? width : later + 1); earlier++)
                average_lag(s, with_mean, between[later * width + earlier], lag, later, earlier);
    free(with_mean);
    free(between);
}

/* In place: the lower triangle of a covariance becomes that of its Cholesky factor, column by column. */
static void cholesky_or_die(double *a, size_t side)
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

void prior_sums_fit_or_die(struct prior_sums *s, const struct prior *p)
{
    const struct ops *ops = p->session->ops;
    to_covariance(s);
    make_stationary(s);
    cholesky_or_die(s->products, s->side);
    for (size_t i = 0; i < s->side; i++) s->products[prior_row(i) + i] -= 1;
    upload_doubles(ops, p->mean.value, s->mu, s->side);
    upload_doubles(ops, p->factor.value, s->products, prior_row(s->side));
    for (size_t i = 0; i < CENTRES * s->channels; i++)
        s->centres.latent[i] = sqrt(1 - OWN) * (s->centres.latent[i] - s->mu[i % s->channels]);
    prior_set_centres(p, &s->centres);
    centres_free(&s->centres);
    free(s->mu);
    free(s->variance);
    free(s->products);
    free(s);
}
