#include "common/metrics/comparison.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/memory.h"
#include "common/metrics/distance.h"
#include "common/metrics/frechet.h"
#include "common/metrics/kernel-density.h"

/* A set with what its numbers are computed from. */
struct compared_set {
    const struct feature_set *set;
    double *scaled;  /* (count, FEATURES), in standard deviations */
    float *complete; /* (count): 1 where all features are defined */
    struct distances nearest, pairs;
};

struct comparison {
    struct compared_set real, generated;
    struct kernel_densities *densities[FEATURES];
};

/* deviation (FEATURES): of the records that have all features; 1 where they do not differ. */
static void deviations(double *deviation, const struct feature_set *set)
{
    for (size_t f = 0; f < FEATURES; f++) {
        double n = 0, mean = 0, square = 0;
        for (size_t i = 0; i < set->count; i++)
            if (set->whole[i]) mean += set->features[i * FEATURES + f], n++;
        mean /= n;
        for (size_t i = 0; i < set->count; i++)
            if (set->whole[i]) square += pow(set->features[i * FEATURES + f] - mean, 2);
        deviation[f] = square > 0 ? sqrt(square / (n - 1)) : 1;
    }
}

static struct compared_set side_make_or_die(const struct feature_set *set, const struct feature_set *training,
                                            const double *deviation)
{
    struct compared_set side = {.set = set,
                                .scaled = allocate_or_die(set->count * FEATURES, sizeof *side.scaled),
                                .complete = allocate_or_die(set->count, sizeof *side.complete),
                                .nearest = distances_nearest_or_die(set, training),
                                .pairs = distances_pairs_or_die(set)};
    for (size_t i = 0; i < set->count; i++) {
        side.complete[i] = set->whole[i];
        for (size_t f = 0; f < FEATURES && set->whole[i]; f++)
            side.scaled[i * FEATURES + f] = set->features[i * FEATURES + f] / deviation[f];
    }
    return side;
}

static void side_free(struct compared_set *side)
{
    free(side->scaled);
    free(side->complete);
    distances_free(&side->nearest);
    distances_free(&side->pairs);
}

/* column (count) of one feature. Caller frees. */
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
    comparison->real = side_make_or_die(real, training, deviation);
    comparison->generated = side_make_or_die(generated, training, deviation);
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
    side_free(&comparison->real);
    side_free(&comparison->generated);
    free(comparison);
}

/* value (SET_ROWS) */
static void measure_side_or_die(double *value, const struct compared_set *side, const float *weight)
{
    double all = 0, complete = 0;
    for (size_t i = 0; i < side->set->count; i++) {
        all += (double)weight[i];
        complete += (double)(weight[i] * side->complete[i]);
    }
    static const double shares[] = {[SET_NOVELTY] = 0.5, [SET_NOVELTY_5] = 0.05};
    distances_quantiles_or_die(value + SET_NOVELTY, shares, 2, &side->nearest, weight);
    distances_quantiles_or_die(value + SET_DIVERSITY, shares, 1, &side->pairs, weight);
    value[SET_UNDEFINED] = 1 - complete / all;
    value[SET_RECORDS] = all;
}

/* The weights (count) of the records that have all features; the others weigh 0. Caller frees. */
static float *complete_or_die(const struct compared_set *side, const float *weight)
{
    float *complete = allocate_or_die(side->set->count, sizeof *complete);
    for (size_t i = 0; i < side->set->count; i++) complete[i] = weight[i] * side->complete[i];
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
    measure_side_or_die(value + ROW_REAL, real, real_weight);
    measure_side_or_die(value + ROW_GENERATED, generated, generated_weight);
}

const char *comparison_row_name(size_t row, char *name, size_t size)
{
    static const char *const own[SET_ROWS] = {"novelty", "novelty-5%", "diversity", "undefined", "records"};
    if (row >= ROW_OVERLAP)
        snprintf(name, size, "OA-%s", feature_names[row - ROW_OVERLAP]);
    else if (row >= ROW_REAL)
        snprintf(name, size, "%s-real", own[row - ROW_REAL]);
    else if (row >= ROW_GENERATED)
        snprintf(name, size, "%s", own[row - ROW_GENERATED]);
    else
        snprintf(name, size, "%s", row == ROW_OA ? "OA" : "FD");
    return name;
}
