/* Comparison of real and generated music: overlap, Fréchet distance, novelty, diversity. */
#include "common/metrics/comparison.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/memory.h"
#include "common/metrics/distance.h"
#include "common/metrics/frechet.h"
#include "common/metrics/kernel-density.h"

/* A set of records, and what is computed from it once. */
struct compared_set {
    const struct feature_set *set;
    double *scaled;           /* features (count, FEATURES) over their deviations */
    float *complete;          /* (count): 1 where all features are defined */
    struct distances nearest; /* from each record to the nearest of the training set */
    struct distances pairs;   /* between records of the set */
};

struct comparison {
    struct compared_set real, generated;
    struct kernel_densities *densities[FEATURES];
};

/* deviation (FEATURES) over the records that have all features; 1 where all values are equal. */
static void deviations(double *deviation, const struct feature_set *set)
{
    for (size_t f = 0; f < FEATURES; f++) {
        double n = 0, mean = 0, square = 0;
        for (size_t i = 0; i < set->count; i++)
            if (set->complete[i]) mean += set->features[i * FEATURES + f], n++;
        mean /= n;
        for (size_t i = 0; i < set->count; i++)
            if (set->complete[i]) square += pow(set->features[i * FEATURES + f] - mean, 2);
        deviation[f] = square > 0 ? sqrt(square / (n - 1)) : 1;
    }
}

static struct compared_set compared_set_make_or_die(const struct feature_set *set,
                                                    const struct feature_set *training,
                                                    const double *deviation)
{
    struct compared_set compared = {.set = set,
                                    .scaled = allocate_or_die(set->count * FEATURES, sizeof *compared.scaled),
                                    .complete = allocate_or_die(set->count, sizeof *compared.complete),
                                    .nearest = distances_nearest_or_die(set, training),
                                    .pairs = distances_pairs_or_die(set)};
    for (size_t i = 0; i < set->count; i++) {
        compared.complete[i] = set->complete[i];
        for (size_t f = 0; f < FEATURES && set->complete[i]; f++)
            compared.scaled[i * FEATURES + f] = set->features[i * FEATURES + f] / deviation[f];
    }
    return compared;
}

static void compared_set_free(struct compared_set *compared)
{
    free(compared->scaled);
    free(compared->complete);
    distances_free(&compared->nearest);
    distances_free(&compared->pairs);
}

/* column (count): one feature of all records. Caller frees. */
static double *column_or_die(const struct feature_set *set, size_t feature)
{
    double *column = allocate_or_die(set->count, sizeof *column);
    for (size_t i = 0; i < set->count; i++) column[i] = set->features[i * FEATURES + feature];
    return column;
}

struct comparison *comparison_new_or_die(const struct feature_set *real, const struct feature_set *generated,
                                         const struct feature_set *training)
{
    struct comparison *comparison = allocate_or_die(1, sizeof *comparison);
    double deviation[FEATURES];
    deviations(deviation, training ? training : real);
    comparison->real = compared_set_make_or_die(real, training, deviation);
    comparison->generated = compared_set_make_or_die(generated, training, deviation);
    for (size_t f = 0; f < FEATURES; f++) {
        double *a = column_or_die(real, f), *b = column_or_die(generated, f);
        comparison->densities[f] = kernel_densities_new_or_die(a, real->count, b, generated->count);
        free(a);
        free(b);
    }
    return comparison;
}

void comparison_free(struct comparison *comparison)
{
    for (size_t f = 0; f < FEATURES; f++) kernel_densities_free(comparison->densities[f]);
    compared_set_free(&comparison->real);
    compared_set_free(&comparison->generated);
    free(comparison);
}

/* value (SET_ROWS), record i counting weight[i] times. */
static void measure_set_or_die(double *value, const struct compared_set *compared, const float *weight)
{
    double all = 0, complete = 0;
    for (size_t i = 0; i < compared->set->count; i++) {
        all += (double)weight[i];
        complete += (double)(weight[i] * compared->complete[i]);
    }
    static const double shares[] = {[SET_NOVELTY] = 0.5, [SET_NOVELTY_5] = 0.05};
    distances_quantiles_or_die(value + SET_NOVELTY, shares, 2, &compared->nearest, weight);
    distances_quantiles_or_die(value + SET_DIVERSITY, shares, 1, &compared->pairs, weight);
    value[SET_UNDEFINED] = 1 - complete / all;
    value[SET_RECORDS] = all;
}

/* weight (count) where a record has all features, else 0. Caller frees. */
static float *complete_or_die(const struct compared_set *compared, const float *weight)
{
    float *complete = allocate_or_die(compared->set->count, sizeof *complete);
    for (size_t i = 0; i < compared->set->count; i++) complete[i] = weight[i] * compared->complete[i];
    return complete;
}

void comparison_measure_or_die(double *value, const struct comparison *comparison, const float *real_weight,
                               const float *generated_weight)
{
    const struct compared_set *real = &comparison->real, *generated = &comparison->generated;
    value[ROW_OA] = 0;
    for (size_t f = 0; f < FEATURES; f++) {
        value[ROW_OVERLAP + f] =
            kernel_densities_overlap(comparison->densities[f], real_weight, generated_weight);
        value[ROW_OA] += value[ROW_OVERLAP + f] / FEATURES;
    }
    float *a = complete_or_die(real, real_weight), *b = complete_or_die(generated, generated_weight);
    value[ROW_FD] = frechet_distance(FEATURES, real->scaled, a, real->set->count, generated->scaled, b,
                                     generated->set->count);
    free(a);
    free(b);
    measure_set_or_die(value + ROW_REAL, real, real_weight);
    measure_set_or_die(value + ROW_GENERATED, generated, generated_weight);
}

const char *comparison_row_name(size_t row, char *name, size_t size)
{
    static const char *const set_names[SET_ROWS] = {"novelty", "novelty-5%", "diversity", "undefined",
                                                    "records"};
    if (row >= ROW_OVERLAP)
        snprintf(name, size, "OA-%s", feature_names[row - ROW_OVERLAP]);
    else if (row >= ROW_REAL)
        snprintf(name, size, "%s-real", set_names[row - ROW_REAL]);
    else if (row >= ROW_GENERATED)
        snprintf(name, size, "%s", set_names[row - ROW_GENERATED]);
    else
        snprintf(name, size, "%s", row == ROW_OA ? "OA" : "FD");
    return name;
}
