/* A prior that is fitted: what an encoder says of real records, over the latents' moments and channels
 * together, as one stationary Gaussian: a mean of each channel and the channels' autocovariance. It turns
 * white noise into latents as music has them; N(0, 1), which training pulls towards and does not reach, would
 * be noise.
 *
 * Kept as statistics of the generator: mean (side), the covariance's Cholesky factor (lower triangle, a row
 * after the other, less the identity, so that a prior not fitted yet is N(0, 1)), and what the calibration
 * chose. All of it is computed on the host, in double. */
#ifndef KERNELS_MODEL_PRIOR_H
#define KERNELS_MODEL_PRIOR_H

#include "kernels/model/parameters.h"

struct prior {
    struct session *session;
    int latents, channels; /* side = latents * channels */
    int latent_frames;     /* of keys that a latent stands for */
    struct weight mean, factor, calibration;
};

/* What is chosen by the music that comes of it. */
struct calibration {
    real warmth;    /* the temperature less 1 */
    real threshold; /* of a gate's logit, in the middle */
    real spread;    /* how far samples lie from it at most */
    real smoothing; /* share of each neighbour in time in a gate's logit, in the middle */
    real slow;      /* how many of the slowest components do not repeat */
    real breadth;   /* how much larger those are than the prior's, less 1 */
    real fresh;     /* the most of the others' variance that does not repeat */
};

void prior_make(struct prior *prior, struct parameters *parameters, int latents, int channels,
                int latent_frames);

/* Adds up posteriors. */
struct prior_sums;
struct prior_sums *prior_sums_new_or_die(const struct prior *prior);

/* mu, logvar (count, side) */
void prior_sums_add(struct prior_sums *sums, const real *mu, const real *logvar, size_t count);

/* The stationary Gaussian of draws from all posteriors that were added. Frees the sums. */
void prior_fit(struct prior *prior, struct prior_sums *sums);

/* Which random numbers say how the noise of a sample repeats and how its notes are played. */
struct sample_key {
    struct random_key key;
    uint32_t index;
};

enum { PRIOR_NOISES = 3 };

/* z (batch, latents * channels) from white noise (batch, PRIOR_NOISES * latents * channels), e1, e2, e3.
 * Music repeats its rhythm while its harmony moves on. So latents are drawn twice from the Gaussian: from
 * sqrt(share) loop(e1) + sqrt(1 - share) e2, where loop gives the first `period` latents again and again, and
 * from e3. The slowest components in time (of a discrete cosine transform) are the second's, the others the
 * first's. Both having the prior's covariance, the same at every moment, z would have it too; but songs
 * differ from one another more than one Gaussian says, hence the calibration's breadth. Share, from 1 - fresh
 * to 1, and period, from 0.8 to 1.9 s of 20 ms, are drawn evenly for each sample. */
void prior_draw(const struct prior *prior, real *z, const real *noise, const struct sample_key *loops,
                int batch);

/* How a sample's notes are played, drawn evenly: where its gates' threshold and smoothing lie, from -1, the
 * least, to 1, the most. 0, 0: in the middle. */
struct articulation {
    real threshold, smoothing;
};
struct articulation prior_articulation(struct sample_key loop);

/* settings (batch, GATE_SETTINGS): the gates that follow. */
void prior_gates(const struct prior *prior, real *settings, const struct articulation *articulation,
                 int batch);

/* How the noise of a sample repeats, at most `fresh` of its variance not doing so: the first `period` latents
 * of e1, times `again`, over and over, and e2 times `other`. */
struct noise_loop {
    double again, other;
    size_t period;
};
struct noise_loop prior_noise_loop(const struct prior *prior, struct sample_key loop, real fresh);

/* mean (side) and factor, a lower triangle of that side. */
void prior_download(const struct prior *prior, double *mean, double *factor);

/* Where a row of a lower triangle begins; the product of two rows. */
size_t prior_row(size_t row);
double prior_dot(const double *a, const double *b, size_t count);

struct calibration prior_calibration(const struct prior *prior);
void prior_set_calibration(const struct prior *prior, struct calibration calibration);

#endif
