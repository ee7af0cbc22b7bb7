/* Trains a judge: which of two streams a record is from, by the songs of one and half of the records of the
 * other.
 */
#ifndef KERNELS_MODEL_TRAINING_JUDGE_TRAIN_H
#define KERNELS_MODEL_TRAINING_JUDGE_TRAIN_H

#include "kernels/model/training/critic-train.h"

struct judge_train_settings {
    bool loudness; /* the judge sees loudness too */
    int updates;
    uint64_t seed;
    bool progress, quiet;
};

/* A judge of the keys records of the stream `songs` against those of `made`. It is trained on half of the
 * songs of `made`, a record that does not state its source being a song by itself; songs that both streams
 * have are dealt out between them first. The judge names the songs that it was trained on. Dies where the
 * streams differ in shape or have too few songs. Caller frees. */
struct judge *judge_train_or_die(const struct ops *ops, const char *songs, const char *made,
                                 struct judge_train_settings settings);

#endif
