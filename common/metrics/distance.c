/* Distances between records, in ascending order. */
#include "common/metrics/distance.h"

#include <math.h>
#include <stdlib.h>

#include "common/memory.h"
#include "common/metrics/bootstrap.h"

struct distance {
    double value;
    size_t i, j; /* records of the set; j = i for a distance to another set */
};

static int ascending(const void *a, const void *b)
{
    double x = ((const struct distance *)a)->value, y = ((const struct distance *)b)->value;
    return (x > y) - (x < y);
}

static void sort_or_die(struct distances *distances)
{
    qsort(distances->distance, distances->count, sizeof *distances->distance, ascending);
    distances->value = allocate_or_die(distances->count, sizeof *distances->value);
    for (size_t i = 0; i < distances->count; i++) distances->value[i] = distances->distance[i].value;
}

/* Rounding may make the cosine of equal records larger than 1. */
static double distance_of(double cosine)
{
    return cosine > 1 ? 0 : 1 - cosine;
}

struct distances distances_nearest_or_die(const struct feature_set *set, const struct feature_set *training)
{
    struct distances all = {0, allocate_or_die(set->count, sizeof *all.distance), NULL};
    double *best = allocate_or_die(set->count, sizeof *best);
#pragma omp parallel for schedule(dynamic, 16)
    for (size_t i = 0; i < set->count; i++) {
        best[i] = NAN;
        for (size_t j = 0; training && j < training->count; j++)
            best[i] = fmax(best[i], feature_set_cosine(set, i, training, j)); /* fmax ignores NaN */
    }
    for (size_t i = 0; i < set->count; i++)
        if (!isnan(best[i])) all.distance[all.count++] = (struct distance){distance_of(best[i]), i, i};
    free(best);
    sort_or_die(&all);
    return all;
}

struct distances distances_pairs_or_die(const struct feature_set *set)
{
    size_t most = set->count * (set->count - 1) / 2;
    struct distances all = {0, allocate_or_die(most, sizeof *all.distance), NULL};
#pragma omp parallel for schedule(dynamic, 16)
    for (size_t i = 0; i < set->count; i++)
        for (size_t j = 0; j < i; j++)
            all.distance[i * (i - 1) / 2 + j] =
                (struct distance){distance_of(feature_set_cosine(set, i, set, j)), i, j};
    for (size_t i = 0; i < most; i++)
        if (!isnan(all.distance[i].value)) all.distance[all.count++] = all.distance[i];
    sort_or_die(&all);
    return all;
}

void distances_free(struct distances *distances)
{
    free(distances->distance);
    free(distances->value);
}

/* The weights (count) of distances from the weights of records. Caller frees. */
static float *weights_or_die(const struct distances *distances, const float *weight)
{
    float *weights = allocate_or_die(distances->count, sizeof *weights);
    for (size_t d = 0; d < distances->count; d++) {
        size_t i = distances->distance[d].i, j = distances->distance[d].j;
        weights[d] = i == j ? weight[i] : weight[i] * weight[j];
    }
    return weights;
}

void distances_quantiles_or_die(double *values, const double *share, size_t shares,
                                const struct distances *distances, const float *weight)
{
    float *weights = weights_or_die(distances, weight);
    for (size_t s = 0; s < shares; s++)
        values[s] = weighted_quantile(share[s], distances->value, weights, distances->count);
    free(weights);
}
