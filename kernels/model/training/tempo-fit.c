/* Quantiles of intervals, and the covariance of their normal scores with the means of latents. */
#include "kernels/model/training/tempo-fit.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/memory.h"

struct tempo_sums {
    size_t records, latents, channels, count;
    double *sorted;                      /* (records): intervals, s */
    double *score;                       /* (records): normal scores of the intervals */
    double *mean;                        /* (channels): a record's latents over time */
    double *sum, *with_score, *products; /* of means: (channels); times the score; (channels, channels) */
    double scores, squares;              /* of scores */
};

/* For qsort. */
static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* The number below which N(0, 1) is with this probability. */
static double normal_quantile(double probability)
{
    double low = -8, high = 8;
    for (int i = 0; i < 60; i++) {
        double middle = (low + high) / 2;
        *(0.5 * erfc(-middle / M_SQRT2) < probability ? &low : &high) = middle;
    }
    return (low + high) / 2;
}

/* That of the middle of the ranks that an interval has in all. */
static double normal_score(const struct tempo_sums *s, double interval)
{
    size_t below = 0, equal = 0;
    for (size_t i = 0; i < s->records; i++)
        below += s->sorted[i] < interval, equal += s->sorted[i] == interval;
    return normal_quantile(((double)below + (double)equal / 2) / (double)s->records);
}

struct tempo_sums *tempo_sums_new_or_die(const struct prior *p, const struct dataset *d)
{
    struct tempo_sums *s = allocate_or_die(1, sizeof *s);
    size_t width = (size_t)p->channels;
    *s = (struct tempo_sums){.records = d->records, .latents = (size_t)p->latents, .channels = width};
    s->sorted = allocate_or_die(2 * d->records, sizeof s->sorted[0]);
    s->score = s->sorted + d->records;
    s->mean = allocate_or_die(3 * width + width * width, sizeof s->mean[0]);
    s->sum = s->mean + width, s->with_score = s->sum + width, s->products = s->with_score + width;
    for (size_t i = 0; i < d->records; i++) s->sorted[i] = d->origin[i].interval;
    qsort(s->sorted, d->records, sizeof s->sorted[0], by_value);
    for (size_t i = 0; i < d->records; i++)
        s->score[i] = i && d->origin[i].interval == d->origin[i - 1].interval
                          ? s->score[i - 1]
                          : normal_score(s, d->origin[i].interval);
    return s;
}

void tempo_sums_add(struct tempo_sums *s, const real *mu, size_t record)
{
    size_t width = s->channels;
    double score = s->score[record];
    memset(s->mean, 0, width * sizeof s->mean[0]);
    for (size_t i = 0; i < s->latents * width; i++) s->mean[i % width] += (double)mu[i] / (double)s->latents;
    for (size_t i = 0; i < width; i++) {
        s->sum[i] += s->mean[i];
        s->with_score[i] += s->mean[i] * score;
        for (size_t j = 0; j < width; j++) s->products[i * width + j] += s->mean[i] * s->mean[j];
    }
    s->scores += score;
    s->squares += score * score;
    s->count++;
}

/* direction (channels): the covariance of the means with the score. Returns the score's variance. */
static double covariance_with_score(const struct tempo_sums *s, double *direction)
{
    double n = (double)s->count, mean = s->scores / n;
    for (size_t i = 0; i < s->channels; i++) direction[i] = s->with_score[i] / n - s->sum[i] / n * mean;
    return s->squares / n - mean * mean;
}

/* The variance of the means in a direction. */
static double variance_along(const struct tempo_sums *s, const double *direction)
{
    double n = (double)s->count, variance = 0;
    for (size_t i = 0; i < s->channels; i++)
        for (size_t j = 0; j < s->channels; j++)
            variance += direction[i] * direction[j] *
                        (s->products[i * s->channels + j] / n - s->sum[i] / n * (s->sum[j] / n));
    return variance;
}

void tempo_sums_fit(struct tempo_sums *s, const struct prior *p)
{
    struct tempo tempo = tempo_of(p);
    for (size_t i = 0; i < INTERVALS; i++)
        tempo.quantile[i] = s->sorted[i * (s->records - 1) / (INTERVALS - 1)];
    double of_score = covariance_with_score(s, tempo.direction), squared = 0;
    for (size_t i = 0; i < s->channels; i++) squared += tempo.direction[i] * tempo.direction[i];
    double deviation = sqrt(fmax(0, variance_along(s, tempo.direction)));
    bool told = deviation > 0 && of_score > 0;
    tempo.correlation = told ? fmin(1, squared / (deviation * sqrt(of_score))) : 0;
    for (size_t i = 0; i < s->channels; i++) tempo.direction[i] = told ? tempo.direction[i] / deviation : 0;
    tempo_keep(p, &tempo);
    tempo_free(&tempo);
    free(s->sorted);
    free(s->mean);
    free(s);
}
