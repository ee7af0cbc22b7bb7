/* The critic: a discriminator of finished records, by what sounds when. A convolution over time on each key
 * by itself, then three over keys and time, on neighbouring keys side by side; the same filters on all keys,
 * so what it learns of one it knows of all. The mean over keys and time, dropout, one logit a record: of
 * being real. It compares no records of a batch with one another: a record is judged alone. */
#ifndef KERNELS_MODEL_CRITIC_H
#define KERNELS_MODEL_CRITIC_H

#include "kernels/model/layer.h"

enum { CRITIC_LAYERS = 4 };

/* What it sees of a record: critic-input.h makes it. A batch is a tensor (batch * keys, frames, channels). */
struct critic_shape {
    int keys, frames, channels;
};

struct critic_layer {
    struct conv_layer conv;
    struct neighbours sides; /* of the layer before, but for the first layer */
    struct tensor wide,
        dwide;           /* (batch * keys, length before, window * channels before); no data in the first */
    struct tensor y, dy; /* (batch * keys, length, channels) */
};

struct critic {
    struct session *session;
    struct critic_layer layer[CRITIC_LAYERS];
    struct tensor features, dfeatures; /* (batch, 1, channels): means over keys and time */
    struct dropout dropout;            /* of the features */
    struct linear_layer final;
    struct tensor logit; /* (batch, 1, 1) */
};

/* `training`: memory for backward too. */
void critic_make_or_die(struct critic *critic, struct session *session, struct parameters *parameters,
                        struct critic_shape shape, bool training);

/* critic->logit of what is seen. */
void critic_forward(struct critic *critic, struct tensor seen, struct pass pass);

/* dseen is overwritten, or has no data. `parameters`: adds the parameters' gradients too. */
void critic_backward(struct critic *critic, struct tensor dseen, struct tensor dlogit, struct tensor seen,
                     bool parameters, struct pass pass);

void critic_free(struct critic *critic);

#endif
