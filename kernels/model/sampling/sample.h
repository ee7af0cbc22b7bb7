/* Sampling: a trained generator in evaluation mode turns white noise into keys records, each scored by the
 * discriminator. A sample depends on the model, the seed and its number alone (but for designs and scores
 * that compare the samples of a batch). */
#ifndef KERNELS_MODEL_SAMPLING_SAMPLE_H
#define KERNELS_MODEL_SAMPLING_SAMPLE_H

#include "common/stream/stream.h"
#include "kernels/ops.h"

struct sampler;

struct sample_settings {
    size_t best, worst; /* how many of the best or worst to write; 0 both: all, in the order made */
    bool progress, quiet;
};

/* Loads a model (or a checkpoint) to make `count` samples. */
struct sampler *sampler_open_or_die(const char *device, const char *path, uint64_t seed, uint64_t count);

/* Takes the noise from a stream, one record [channels, length] a sample, instead of drawing it. The file has
 * to hold at least as many as are made. */
void sampler_use_noise_or_die(struct sampler *sampler, const char *path);

/* Makes samples like the records of a stream, in turn, or on the way between two places, each a seed or a
 * stream's first record: kernels/model/sampling/variation.h. */
void sampler_like_or_die(struct sampler *sampler, const char *path, double amount);
void sampler_interpolate_or_die(struct sampler *sampler, const char *from, const char *to);

/* Makes samples that last so long, however long the model's records are:
 * kernels/model/sampling/long-sample.h. Not with the two before. */
void sampler_set_seconds_or_die(struct sampler *sampler, double seconds);

/* Writes keys records [2, keys, frames] with source, seed and score among their facts; the best (worst)
 * first. */
void sampler_run_or_die(struct sampler *sampler, struct writer *writer, struct sample_settings settings);

void sampler_close(struct sampler *sampler);

#endif
