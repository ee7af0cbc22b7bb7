/* A sample as the record that is written. */
#ifndef KERNELS_MODEL_SAMPLING_SAMPLE_RECORD_H
#define KERNELS_MODEL_SAMPLING_SAMPLE_RECORD_H

#include "kernels/model/sampling/long-sample.h"

/* What a sample is and what it was made of. */
struct sample_origin {
    uint64_t seed, number;
    const char *relation, *song; /* "after" or "like" a song, by its fact source; NULL: of noise alone */
    double start;                /* where in the song it begins, s; not stated where it is NAN */
    double interval;             /* length of a frame, s */
    double score;
};

/* The record [2, keys, frames] of a sample of the model; reuses its memory. It has the model's facts, kind,
 * source, interval, start, seed and score, and those that say how samples of the model's design are to be
 * played: floor, voice, release, sharpen. False where a value is not finite, which large finite parameters
 * can make.
 */
bool sample_record_make(struct record *record, struct joined keys, const struct model_header *model,
                        struct sample_origin origin);

#endif
