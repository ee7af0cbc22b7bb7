/* Distributions of one number, from samples: how much two of them have in common. */
#ifndef COMMON_METRICS_KERNEL_DENSITY_H
#define COMMON_METRICS_KERNEL_DENSITY_H

#include <stddef.h>

/* Two samples of a number, each value with a Gaussian around it, looked at in points over the range of both.
 */
struct kernel_densities;

/* value (count) from samples a and b, count > 0; NaN stands for a value that is not defined. The Gaussians'
 * standard deviation is Scott's, s n^(-1/5) ("Multivariate density estimation", 1992), but one step between
 * points at least. */
struct kernel_densities *kernel_densities_new_or_die(const double *a, size_t a_count, const double *b,
                                                     size_t b_count);
void kernel_densities_free(struct kernel_densities *densities);

/* What the densities have in common, 0 … 1, where value i counts weight[i] times: the sum over the points of
 * the lesser one, each having the sum 1 over all points. Values that are not defined are a share apart, which
 * counts like a point. */
double kernel_densities_overlap(const struct kernel_densities *densities, const float *a_weight,
                                const float *b_weight);

#endif
