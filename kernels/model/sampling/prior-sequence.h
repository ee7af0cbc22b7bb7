/* The fitted prior as a sequence of latents that goes on without an end, for pieces longer than a record.
 *
 * The prior is the same at every moment, and its factor L, a lower triangle, runs forward in time. So a
 * window of latents w = L e (less the mean), e white, goes on: what is known of the next window, a, has e_a =
 * inverse(L_aa) w_a, and with fresh e_b what follows is w_b = L_ba e_a + L_bb e_b. Every window is again a
 * draw from the prior, wherever it stands. */
#ifndef KERNELS_MODEL_SAMPLING_PRIOR_SEQUENCE_H
#define KERNELS_MODEL_SAMPLING_PRIOR_SEQUENCE_H

#include "kernels/model/prior.h"

struct prior_sequence;

/* Of the prior as it is now. Caller frees. */
struct prior_sequence *prior_sequence_new_or_die(const struct prior *prior);
void prior_sequence_free(struct prior_sequence *sequence);

/* In place: white noise x (latents, channels) becomes a draw, less the mean. */
void prior_sequence_colour(const struct prior_sequence *sequence, double *x, size_t latents);

/* What is random in a sample: the white noise of a record (PRIOR_NOISES, latents of a record, channels),
 * which comes first, and what says the rest. */
struct prior_sequence_noise {
    const real *first;
    uint64_t seed;
    uint32_t number; /* of the sample */
};

/* z (latents, channels) as prior_draw makes it of a record's noise: its noises go on, the slowest components
 * of the second sequence replace those of the first. A filter replaces the transform: what is slower than
 * component `slow` - 1 is wholly the second's, what is faster than component `slow` wholly the first's, the
 * squares of both shares add up to 1, and time runs back before the first moment, as the transform has it.
 * The loop plays 24 times, then every other time it is a new one: A B A C A D. The first latents are the same
 * however many are wanted. */
void prior_sequence_draw(const struct prior_sequence *sequence, real *z, size_t latents,
                         struct prior_sequence_noise noise);

#endif
