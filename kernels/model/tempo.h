/* The tempo of samples, where frames follow the beat: the interval, the length of a frame.
 *
 *   interval = Q(Phi(r u + sqrt(1 - r^2) v))
 *   u        = sum over the channels of w (mean of z over the latents - m), of variance 1 for real records
 *   v        = N(0, 1), the sample's own
 *
 * Q gives the quantiles of real records' intervals, Phi is the distribution of N(0, 1), m the prior's mean.
 * So samples have the tempi that songs have, and long notes where they have them: w points to where the
 * latents of slower songs lie (the first component of partial least squares), r is how well u tells the
 * interval. */
#ifndef KERNELS_MODEL_TEMPO_H
#define KERNELS_MODEL_TEMPO_H

#include "kernels/model/prior.h"

/* What a model keeps of it, on the host. */
enum { INTERVALS = PRIOR_TEMPO - 1 };
struct tempo {
    double quantile[INTERVALS]; /* s, from the shortest to the longest; 0 before the first estimate */
    double correlation;         /* r */
    double *direction, *mean;   /* (channels): w and m, of the prior's channels */
    size_t latents, channels;
};

/* That of a prior whose frames follow the beat; before the first estimate all 0. Caller frees. */
struct tempo tempo_of(const struct prior *prior);
void tempo_free(struct tempo *tempo);

/* Keeps quantiles, correlation and direction. */
void tempo_keep(const struct prior *prior, const struct tempo *tempo);

/* The interval of a sample with the latents z, (latents, channels) of a record, and its own v. */
double tempo_interval(const struct tempo *tempo, const real *z, double own);

/* Sets the intervals of samples with the latents z, (batch, latents, channels); 0 where frames do not follow
 * the beat. */
void tempo_set_intervals(const struct prior *prior, struct articulation *articulation, const real *z,
                         int batch);

/* u */
double tempo_of_latents(const struct tempo *tempo, const real *z);

#endif
