/* How long samples and their frames are. */
#ifndef KERNELS_MODEL_SAMPLING_SAMPLE_LENGTH_H
#define KERNELS_MODEL_SAMPLING_SAMPLE_LENGTH_H

#include "kernels/model/model.h"

struct sample_length {
    double interval;            /* of a model's frame, s; 0: that of the sample's tempo */
    struct intervals intervals; /* then the tempi that there are */
    double seconds;             /* that are wanted; 0: all that the model makes at once */
};

/* Of the samples of a model whose parameters are read. */
struct sample_length sample_length_of(const struct model *model, const struct model_header *header);

/* The interval of sample `number` of a seed, s. */
double sample_interval(const struct sample_length *length, uint64_t seed, uint64_t number);

/* Frames of `seconds`, at least 1. */
size_t sample_frames(double seconds, double interval);

/* Frames of the sample that has the most of them, for the wanted seconds. */
size_t sample_frames_most(const struct sample_length *length);

#endif
