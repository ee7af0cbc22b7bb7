/* The fitted prior as a sequence of latents of any length, for samples longer than a record.
 *
 * The prior is stationary, and its Cholesky factor L is a lower triangle over time, so a draw can be
 * continued (as an autoregressive process). A window of latents is w = L e (less the mean) with white noise
 * e. The next window begins with latents w_a that are already drawn: e_a = inverse(L_aa) w_a. With new white
 * noise e_b the latents that follow are w_b = L_ba e_a + L_bb e_b. So every window, wherever it begins, is a
 * draw from the prior. */
#ifndef KERNELS_MODEL_SAMPLING_PRIOR_SEQUENCE_H
#define KERNELS_MODEL_SAMPLING_PRIOR_SEQUENCE_H

#include "kernels/model/prior.h"

struct prior_sequence;

/* Copies the prior as it is now. Caller frees. */
struct prior_sequence *prior_sequence_new_or_die(const struct prior *prior);
void prior_sequence_free(struct prior_sequence *sequence);

/* In place: white noise x (latents, channels) becomes a draw from the prior, less the mean. */
void prior_sequence_colour(const struct prior_sequence *sequence, double *x, size_t latents);

/* The random numbers of a sample: for the first latents the white noise of a record, then numbers drawn from
 * the seed. */
struct prior_sequence_noise {
    const real *record; /* (PRIOR_NOISES, latents of a record, channels) */
    uint64_t seed;
    uint32_t number; /* of the sample */
};

/* The white noises of a sample. */
enum { NOISE_LOOP, NOISE_APERIODIC, NOISE_SLOW };

/* z (latents, channels), drawn as prior_draw draws a record, about one centre: a looped sequence of e1 and
 * e2, whose slow part is replaced by that of a sequence of e3. Instead of a discrete cosine transform two
 * filters separate slow from fast: with k = slow_components, frequencies up to component k - 1 come from the
 * slow sequence, those from component k on from the looped one, and between them the squared responses add up
 * to 1. Before the first latent time is mirrored, as in the transform. A loop plays 24 times, then another
 * one does, in the order A B A C A D. The first latents are the same bytes for any number of latents. */
void prior_sequence_draw(const struct prior_sequence *sequence, real *z, size_t latents,
                         struct prior_sequence_noise noise);

/* The length of a sample's frames where they follow the beat, s. */
double prior_sequence_interval(const struct prior_sequence *sequence, uint64_t seed, uint32_t number);

/* For what follows given latents (kernels/model/sampling/continuation.h), all values less the mean:
 *
 * e (latents of a record, channels): the white noise that a record's latents x are coloured from. */
void prior_sequence_whiten(const struct prior_sequence *sequence, double *e, const double *x);

/* In place: the first `known` latents of x (latents, channels) are given, the rest is white noise and becomes
 * what follows them. */
void prior_sequence_continue(const struct prior_sequence *sequence, double *x, size_t known, size_t latents);

/* In place: the slow part of `looped` is replaced by gain times that of `slow`, (latents + reach, channels)
 * both. Before the first latent both are mirrored, times `mirror`, 1 or -1. */
void prior_sequence_mix(const struct prior_sequence *sequence, double *looped, const double *slow,
                        size_t latents, double mirror, double gain);

/* x (channels) += gain times one of the white noises at a latent. */
void prior_sequence_add_white(const struct prior_sequence *sequence, double *x, double gain,
                              struct prior_sequence_noise noise, int which, size_t latent);

struct calibration prior_sequence_calibration(const struct prior_sequence *sequence);
size_t prior_sequence_reach(const struct prior_sequence *sequence); /* of its filters, in latents */

#endif
