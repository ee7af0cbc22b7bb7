/* The estimation of samples' tempi (kernels/model/tempo.h) from the tempi of records and the posteriors that
 * an encoder gives them. */
#ifndef KERNELS_MODEL_TRAINING_TEMPO_FIT_H
#define KERNELS_MODEL_TRAINING_TEMPO_FIT_H

#include "kernels/model/dataset.h"
#include "kernels/model/tempo.h"

struct tempo_sums;
struct tempo_sums *tempo_sums_new_or_die(const struct prior *prior, const struct dataset *dataset);

/* Adds the means mu (side of the prior) of the posterior of a record. */
void tempo_sums_add(struct tempo_sums *sums, const real *mu, size_t record);

/* Sets the prior's tempo. The prior's mean has to be set. Frees the sums. */
void tempo_sums_fit(struct tempo_sums *sums, const struct prior *prior);

#endif
