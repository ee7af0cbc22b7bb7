/* The prior of a generator whose latents run over time: a mixture of stationary Gaussians over all latents of
 * a record, estimated from the encoder's posteriors of real records, and how samples are drawn from it. The
 * KL divergence pulls the posteriors towards N(0, 1) but does not reach it, so latents drawn from N(0, 1)
 * decode to noise.
 *
 * All have the channels' autocovariance about a record's own mean; each has the mean of one record
 * (kernels/model/centres.h). Where frames follow the beat, all
 * latents of a beat are one here, with as many channels as they have together: music is not the same at
 * every moment of a beat, but from beat to beat it is.
 *
 * A model keeps it as statistics of the generator: the mean of all (side), the covariance's Cholesky factor L
 * less the identity (lower triangle, row by row), the centres, the calibration and the statistics of notes.
 * All zero, as before the first estimate, they are N(0, 1). The host computes everything here, in double. */
#ifndef KERNELS_MODEL_PRIOR_H
#define KERNELS_MODEL_PRIOR_H

#include "kernels/model/articulation.h"
#include "kernels/model/centres.h"
#include "kernels/model/parameters.h"

struct prior {
    struct session *session;
    int latents, channels; /* side = latents * channels, the Gaussian's dimension */
    int latent_frames;     /* frames of keys that one latent stands for: a beat, where there are beats */
    struct weight mean, factor, centres, calibration, notes;
};

/* latents and channels as the network has them. Dies where a beat is no whole number of latents, or they are
 * no whole number of beats. */
void prior_make_or_die(struct prior *prior, struct parameters *parameters, int latents, int channels,
                       int latent_frames);

/* mean (side) and factor, the lower triangle of L. */
void prior_download(const struct prior *prior, double *mean, double *factor);

/* The centres; the caller frees them. */
struct centres prior_centres(const struct prior *prior);
void prior_set_centres(const struct prior *prior, const struct centres *centres);

/* Where a row of a lower triangle begins, and the dot product of two rows. */
size_t prior_row(size_t row);
double prior_dot(const double *a, const double *b, size_t count);

/* How samples are drawn from the Gaussian and how their gates open: chosen after training, by comparing
 * samples with records (kernels/model/training/prior-fit.h). */
struct calibration {
    double temperature;     /* factor on the latents' distance from the mean */
    double threshold_range; /* a sample's threshold lies at most so far from the gating's */
    double slow_components; /* so many of the slowest DCT components over time do not repeat */
    double slow_gain;       /* factor on those components */
    double aperiodic;       /* the largest share of the other components' variance that does not repeat */
    struct gating gating;
};

/* Of a prior that was not calibrated: factors are 1, the rest is 0. */
extern const struct calibration calibration_neutral;

/* Its members by number, in the order of a model's file. */
enum calibration_number {
    CALIBRATION_TEMPERATURE,
    CALIBRATION_THRESHOLD,
    CALIBRATION_THRESHOLD_RANGE,
    CALIBRATION_OPENING,
    CALIBRATION_CLOSING,
    CALIBRATION_LEAST,
    CALIBRATION_AGAIN,
    CALIBRATION_EXPRESSION,
    CALIBRATION_SLOW_COMPONENTS,
    CALIBRATION_SLOW_GAIN,
    CALIBRATION_APERIODIC,
    CALIBRATION_MEMBERS
};
double *calibration_member(struct calibration *calibration, int number);

struct calibration prior_calibration(const struct prior *prior);
void prior_set_calibration(const struct prior *prior, struct calibration calibration);

/* The statistics of notes (1 + drums), of the pitched keys and of each drum; 0 where none were measured. The
 * caller frees them. */
struct note_statistics *prior_notes(const struct prior *prior);
void prior_set_notes(const struct prior *prior, const struct note_statistics *statistics);

/* White noise of a sample: e1 and e2 of the sequence that repeats, e3 of the slow one, (latents, channels)
 * each. */
enum { PRIOR_NOISES = 3 };

/* noise (count, PRIOR_NOISES * side) on the device: of `count` samples; `number` tells the draws of one seed
 * apart. */
void prior_white_noise(const struct prior *prior, device noise, int count, uint64_t seed, uint32_t number);

/* The block of four random numbers that choose a sample's loop and its articulation. */
struct sample_key {
    struct random_key key;
    uint32_t index; /* of the block */
};

/* Of sample `index` of the draw `number`. */
struct sample_key sample_key_make(uint64_t seed, uint32_t number, uint32_t index);

/* Which centre a sample is drawn about. */
size_t centre_of_sample(struct sample_key key);

/* z (batch, side) from noise (batch, PRIOR_NOISES * side); sets the intervals of own (batch).
 *
 * Music repeats its rhythm while its harmony moves on. So two sequences are drawn about a centre: one of
 * periodic * loop(e1) + aperiodic * e2, where loop repeats the first `period` latents, and one of e3. z takes
 * its `slow_components` slowest components over time (DCT-II) from the second, the others from the first.
 * Both have the prior's covariance, the first nearly, for what repeats is not white; so z has it too, but for
 * slow_gain. */
void prior_draw(const struct prior *prior, real *z, struct articulation *own, const real *noise,
                const struct sample_key *keys, int batch);

/* How a sample's noise repeats. */
struct noise_loop {
    double periodic, aperiodic; /* amplitudes, whose squares add up to 1 */
    size_t period;              /* latents */
};

/* aperiodic: the largest share of the variance that does not repeat; a sample's own is drawn evenly from 0 to
 * that, its period from 40 to 95 frames (0.8 to 1.9 s of 20 ms), or of 2, 4 and 8 beats, 4 twice as often. */
struct noise_loop prior_noise_loop(const struct prior *prior, struct sample_key key, double aperiodic);

/* Drawn evenly; it begins at frame 0. */
struct articulation prior_articulation(struct sample_key key);

/* The gating of a sample. */
struct gating prior_gating(const struct calibration *calibration, struct articulation own);

#endif
