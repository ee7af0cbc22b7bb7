/* Trains a critic: real records against made ones, each side half of every batch, in random windows and
 * shifted by random keys. AdamW with one cycle of the learning rate (Smith and Topin 2018). */
#ifndef KERNELS_MODEL_TRAINING_CRITIC_TRAIN_H
#define KERNELS_MODEL_TRAINING_CRITIC_TRAIN_H

#include "kernels/model/judge.h"

/* The records of a side that may be learned from. */
struct critic_side {
    const struct roll_set *set;
    size_t *record; /* (count) numbers in the set */
    size_t count;   /* at least 1 */
};

struct critic_train_settings {
    uint64_t seed;
    int updates;
    bool progress, quiet;
};

enum { CRITIC_MADE, CRITIC_REAL, CRITIC_SIDES };

/* Initialises the judge's critic and trains it. */
void critic_train_or_die(struct judge *judge, const struct critic_side sides[CRITIC_SIDES],
                         struct critic_train_settings settings);

#endif
