/* Kernel density estimates of two samples, and their overlap. */
#include "common/metrics/kernel-density.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "common/memory.h"

enum { POINTS = 400 };

struct sample {
    size_t count;
    bool *defined; /* (count) */
    float *kernel; /* (count, POINTS): the Gaussian around each value that is defined */
};

struct kernel_densities {
    struct sample sample[2];
};

struct range {
    double low, high;
};

static struct range range_of(const double *value, size_t count, struct range range)
{
    for (size_t i = 0; i < count; i++) {
        if (isnan(value[i])) continue;
        range.low = fmin(range.low, value[i]);
        range.high = fmax(range.high, value[i]);
    }
    return range;
}

/* Scott's bandwidth. */
static double bandwidth(const double *value, size_t count)
{
    double n = 0, mean = 0, square = 0;
    for (size_t i = 0; i < count; i++)
        if (!isnan(value[i])) mean += value[i], n++;
    mean /= n;
    for (size_t i = 0; i < count; i++)
        if (!isnan(value[i])) square += (value[i] - mean) * (value[i] - mean);
    return n > 1 ? sqrt(square / (n - 1)) * pow(n, -0.2) : 0;
}

/* Where all values are equal the range is one point: all kernels are 1 there. */
static struct sample sample_make_or_die(const double *value, size_t count, struct range range)
{
    struct sample sample = {count, allocate_or_die(count, sizeof *sample.defined),
                            allocate_or_die(count * POINTS, sizeof *sample.kernel)};
    double step = (range.high - range.low) / (POINTS - 1), width = fmax(bandwidth(value, count), step);
    for (size_t i = 0; i < count; i++) {
        sample.defined[i] = !isnan(value[i]);
        for (size_t p = 0; p < POINTS && sample.defined[i]; p++) {
            double distance = width > 0 ? (range.low + (double)p * step - value[i]) / width : 0;
            sample.kernel[i * POINTS + p] = (float)exp(-0.5 * distance * distance);
        }
    }
    return sample;
}

static void sample_free(struct sample *sample)
{
    free(sample->defined);
    free(sample->kernel);
}

struct kernel_densities *kernel_densities_new_or_die(const double *a, size_t a_count, const double *b,
                                                     size_t b_count)
{
    struct kernel_densities *densities = allocate_or_die(1, sizeof *densities);
    struct range range = range_of(b, b_count, range_of(a, a_count, (struct range){INFINITY, -INFINITY}));
    densities->sample[0] = sample_make_or_die(a, a_count, range);
    densities->sample[1] = sample_make_or_die(b, b_count, range);
    return densities;
}

void kernel_densities_free(struct kernel_densities *densities)
{
    sample_free(&densities->sample[0]);
    sample_free(&densities->sample[1]);
    free(densities);
}

/* density (POINTS), whose sum is the share of defined values; returns this share. */
static double density_of(double *density, const struct sample *sample, const float *weight)
{
    double sum = 0, defined = 0, all = 0;
    memset(density, 0, POINTS * sizeof *density);
    for (size_t i = 0; i < sample->count; i++) {
        all += (double)weight[i];
        if (weight[i] == 0 || !sample->defined[i]) continue;
        defined += (double)weight[i];
        for (size_t p = 0; p < POINTS; p++)
            density[p] += (double)(weight[i] * sample->kernel[i * POINTS + p]);
    }
    for (size_t p = 0; p < POINTS; p++) sum += density[p];
    for (size_t p = 0; p < POINTS && sum > 0; p++) density[p] *= defined / all / sum;
    return defined / all;
}

double kernel_densities_overlap(const struct kernel_densities *densities, const float *a_weight,
                                const float *b_weight)
{
    double a[POINTS], b[POINTS];
    double a_defined = density_of(a, &densities->sample[0], a_weight);
    double b_defined = density_of(b, &densities->sample[1], b_weight);
    double common = fmin(1 - a_defined, 1 - b_defined);
    for (size_t p = 0; p < POINTS; p++) common += fmin(a[p], b[p]);
    return common;
}
