/* The centres of the prior's mixture: where the records that an encoder heard lie, each less the prior's
 * mean.
 *
 * A song keeps its key, its register, its instruments and its tempo. What a record's latents have in common,
 * their mean over time, says so, and a Gaussian over these means is mostly between songs, where no music is.
 * So a sample is drawn about the mean of one record, and has its tempo: a smoothed bootstrap of the means (B.
 * Silverman, G. Young, "The bootstrap: to smooth or not to smooth?", Biometrika 74, 1987). J. Tomczak and M.
 * Welling ("VAE with a VampPrior", AISTATS 2018) have a mixture of posteriors as the prior. */
#ifndef KERNELS_MODEL_CENTRES_H
#define KERNELS_MODEL_CENTRES_H

#include "kernels/model/parameters.h"

enum { CENTRES = 512 };
struct centres {
    size_t channels;  /* of the prior */
    double *latent;   /* (CENTRES, channels): a mean over time, less the prior's mean */
    double *interval; /* (CENTRES): of a record whose frames follow the beat, s; else 0 */
};

/* Reals that a model keeps of them. */
size_t centres_size(size_t channels);

/* From the device, on which all 0 means no estimate yet; caller frees. Back to it. */
struct centres centres_download(const struct ops *ops, device from, size_t channels);
void centres_upload(const struct ops *ops, device to, const struct centres *centres);
void centres_free(struct centres *centres);

/* The shortest interval. */
double centres_fastest(const struct centres *centres);

#endif
