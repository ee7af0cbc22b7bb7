/* The Fréchet distance of two sets of points, each approximated by a Gaussian. */
#ifndef COMMON_METRICS_FRECHET_H
#define COMMON_METRICS_FRECHET_H

#include <stddef.h>

enum { FRECHET_MOST = 16 }; /* dimensions */

/* Fréchet (2-Wasserstein, squared) distance of the Gaussians with the means and covariances of the rows of a
 * (a_count, dimensions) and b (b_count, dimensions), row i counting weight[i] times:
 * |m - n|^2 + trace(C + D - 2 (C^(1/2) D C^(1/2))^(1/2)); Dowson and Landau, "The Fréchet distance between
 * multivariate normal distributions", 1982. NaN when either has fewer than two rows. */
double frechet_distance(size_t dimensions, const double *a, const float *a_weight, size_t a_count,
                        const double *b, const float *b_weight, size_t b_count);

/* Eigenvalues (n) of a symmetric matrix (n, n), which is overwritten, and eigenvectors, the columns of
 * `vectors` (n, n); in any order. Jacobi rotations: for small matrices, to full precision. */
void symmetric_eigen(size_t n, double *matrix, double *values, double *vectors);

#endif
