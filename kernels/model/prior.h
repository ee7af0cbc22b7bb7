/* A prior that is fitted: what an encoder says of real records, over the latents' moments and channels
 * together, as one Gaussian with mean and full covariance. It turns white noise into latents as music has
 * them; N(0, 1), which training pulls towards and does not reach, would be noise.
 *
 * Kept as statistics of the generator: mean (side), the covariance's Cholesky factor (lower triangle, a row
 * after the other, less the identity, so that a prior not fitted yet is N(0, 1)), and what the calibration
 * chose. All of it is computed on the host, in double. */
#ifndef MODEL_PRIOR_H
#define MODEL_PRIOR_H

#include "kernels/model/parameters.h"

struct prior {
    struct session *session;
    int latents, channels; /* side = latents * channels */
    int latent_frames;     /* of keys that a latent stands for */
    struct weight mean, factor, calibration;
};

/* What is chosen by the music that comes of it. */
struct calibration {
    real warmth;     /* the temperature less 1 */
    real threshold;  /* of a gate's logit */
    real smoothing;  /* share of each neighbour in time in a gate's logit */
    real repetition; /* share of the samples that strongly repeat */
};

void prior_make(struct prior *prior, struct parameters *parameters, int latents, int channels,
                int latent_frames);

/* Adds up posteriors. */
struct prior_sums;
struct prior_sums *prior_sums_new_or_die(const struct prior *prior);

/* mu, logvar (count, side) */
void prior_sums_add(struct prior_sums *sums, const real *mu, const real *logvar, size_t count);

/* The Gaussian of draws from all posteriors that were added. Frees the sums. */
void prior_fit(struct prior *prior, struct prior_sums *sums);

/* Which random numbers say how the white noise of a sample partly repeats: e = sqrt(share) loop(e1) +
 * sqrt(1 - share) e2, where loop gives the first `period` latents again and again. Strongly repeating samples,
 * `repetition` of all, have shares from 0.8 to 1 and periods from 1.1 to 1.9 s of 20 ms, others from 0 to 0.5
 * and 0.3 to 1.9 s, each evenly. */
struct prior_loop {
    struct random_key key;
    uint32_t index;
};

/* z (batch, latents * channels) from white noise (batch, 2 latents * channels): e1, then e2. */
void prior_draw(const struct prior *prior, real *z, const real *noise, const struct prior_loop *loops,
                int batch);

struct calibration prior_calibration(const struct prior *prior);
void prior_calibrate(const struct prior *prior, struct calibration calibration);

#endif
