/* Kernel density estimates of two samples of a number, and the overlap of the densities. */
#ifndef COMMON_METRICS_KERNEL_DENSITY_H
#define COMMON_METRICS_KERNEL_DENSITY_H

#include <stddef.h>

/* Both densities, with Gaussian kernels, at 400 points over the range of both samples. */
struct kernel_densities;

/* a (a_count) and b (b_count) are the samples, not empty; NaN stands for an undefined value. The deviation of
 * the kernels is Scott's, s n^(-1/5) ("Multivariate density estimation", 1992), but at least the distance of
 * points. */
struct kernel_densities *kernel_densities_new_or_die(const double *a, size_t a_count, const double *b,
                                                     size_t b_count);
void kernel_densities_free(struct kernel_densities *densities);

/* The overlap, 0 … 1, with value i counting weight[i] times: the sum over the points of the lesser density,
 * each density having the sum 1. Undefined values count as one more point. */
double kernel_densities_overlap(const struct kernel_densities *densities, const float *a_weight,
                                const float *b_weight);

#endif
