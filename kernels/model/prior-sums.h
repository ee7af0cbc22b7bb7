/* The estimation of the prior from an encoder's posteriors of real records: sums of the posteriors' moments,
 * then the mixture of stationary Gaussians of draws from them. */
#ifndef KERNELS_MODEL_PRIOR_SUMS_H
#define KERNELS_MODEL_PRIOR_SUMS_H

#include "kernels/model/prior.h"

struct prior_sums;

/* For `total` posteriors. */
struct prior_sums *prior_sums_new_or_die(const struct prior *prior, size_t total);

/* Adds `count` posteriors: mu, logvar (count, side of the prior), and the records' intervals (count), s, or
 * NULL where frames do not follow the beat. */
void prior_sums_add(struct prior_sums *sums, const real *mu, const real *logvar, const double *interval,
                    size_t count);

/* Sets the prior's mean, factor and centres. Frees the sums. Dies where the covariance is not positive
 * definite. */
void prior_sums_fit_or_die(struct prior_sums *sums, const struct prior *prior);

#endif
