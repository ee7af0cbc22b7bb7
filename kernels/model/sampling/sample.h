/* Sampling: a trained generator in evaluation mode (running statistics, no dropout) turns white noise into
 * keys records, and the discriminator's logit is each record's score. A sample is a function of the model,
 * the seed and its number, except where a batch's samples are compared: in scores (minibatch discrimination)
 * and in the envelope of Gaussians. */
#ifndef KERNELS_MODEL_SAMPLING_SAMPLE_H
#define KERNELS_MODEL_SAMPLING_SAMPLE_H

#include "common/stream/stream.h"
#include "kernels/ops.h"

struct sampler;

struct sample_settings {
    size_t best, worst; /* write so many, by score; 0 both: all, in the order made */
    bool progress, quiet;
};

/* Loads a model (or a checkpoint) to make `count` samples. */
struct sampler *sampler_open_or_die(const char *device, const char *path, uint64_t seed, uint64_t count);

/* Reads the noise from a stream, one record [channels, length] a sample, instead of drawing it. Sampling dies
 * where the stream has fewer records than samples. */
void sampler_use_noise_or_die(struct sampler *sampler, const char *path);

/* Samples vary the records of a stream, or interpolate between two ends, each a seed or a stream's first
 * record: kernels/model/sampling/variation.h. */
void sampler_like_or_die(struct sampler *sampler, const char *path, double amount);
void sampler_interpolate_or_die(struct sampler *sampler, const char *from, const char *to);

/* Sets the length of each sample, whatever the model's records have; a longer one is made as
 * kernels/model/sampling/long-sample.h says. Not to be combined with the three before. */
void sampler_set_seconds_or_die(struct sampler *sampler, double seconds);

/* Samples are what may follow a song, so many seconds each (0: as the model's records): the last frames of a
 * stream of its keys go on as kernels/model/sampling/continuation.h says. Not to be combined with the others.
 */
void sampler_after_or_die(struct sampler *sampler, const char *path, double seconds);

/* Writes keys records [2, keys, frames] with source, seed and score among their facts; best or worst first
 * where so many are wanted. */
void sampler_run_or_die(struct sampler *sampler, struct writer *writer, struct sample_settings settings);

void sampler_close(struct sampler *sampler);

#endif
