/* Bootstrap confidence intervals and quantiles of weighted samples. */
#include "common/metrics/bootstrap.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

void bootstrap_draw(float *weight, size_t count, struct random_key key)
{
    uint32_t bits[4] = {0};
    memset(weight, 0, count * sizeof *weight);
    for (size_t i = 0; i < count; i++) {
        if (i % 4 == 0) random_block(key, (uint32_t)(i / 4), bits);
        weight[random_below(bits[i % 4], (uint32_t)count)]++;
    }
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Linear between neighbours in the order. */
static double quantile(double share, const double *sorted, size_t count)
{
    double place = share * (double)(count - 1), below = floor(place);
    size_t i = (size_t)below, next = i + 1 < count ? i + 1 : i;
    return sorted[i] + (place - below) * (sorted[next] - sorted[i]);
}

struct confidence_interval bootstrap_confidence_interval(double value, double *resampled, size_t count)
{
    bool defined = count > 0 && !isnan(value);
    for (size_t i = 0; i < count; i++) defined = defined && !isnan(resampled[i]);
    if (!defined) return (struct confidence_interval){NAN, NAN};
    qsort(resampled, count, sizeof *resampled, ascending);
    double shift = value - quantile(0.5, resampled, count);
    return (struct confidence_interval){shift + quantile(0.025, resampled, count),
                                        shift + quantile(0.975, resampled, count)};
}

/* The value at `place`, counted from 0. */
static double weighted_at(double place, const double *sorted, const float *weight, size_t count)
{
    double passed = 0;
    for (size_t i = 0; i < count; i++)
        if ((passed += (double)weight[i]) > place) return sorted[i];
    return NAN;
}

double weighted_quantile(double share, const double *sorted, const float *weight, size_t count)
{
    double all = 0;
    for (size_t i = 0; i < count; i++) all += (double)weight[i];
    if (all == 0) return NAN;
    double place = share * (all - 1), below = floor(place);
    double low = weighted_at(below, sorted, weight, count);
    if (place == below) return low;
    return low + (place - below) * (weighted_at(below + 1, sorted, weight, count) - low);
}
