/* The encoder of the design `time`: strided convolutions over the frames of real records, down to the
 * posterior N(mu, exp(logvar)) of each latent. Sizes: K keys, S latents of E channels. */
#ifndef KERNELS_MODEL_DESIGNS_TIME_ENCODER_H
#define KERNELS_MODEL_DESIGNS_TIME_ENCODER_H

#include "kernels/model/layer.h"

enum { STAGES_MOST = 16 };

struct time_encoder {
    struct session *session;
    int stages;
    struct conv_layer stage[STAGES_MOST], posterior;
    struct tensor frames;         /* (batch, S 2^stages, 2K): square roots of loudnesses */
    struct tensor y[STAGES_MOST]; /* the stages' outputs */
    struct tensor mu_logvar;      /* (batch, S, 2E): the output of `posterior` */
    struct tensor mu, logvar;     /* (batch, S, E): its halves */
    struct tensor dy[STAGES_MOST], dmu_logvar, dmu, dlogvar;
};

void time_encoder_make_or_die(struct time_encoder *encoder, struct parameters *parameters, int stages,
                              bool training);

/* The block of a stage, here and in the decoder: a convolution that halves (transposed: doubles) the length
 * -> leaky ReLU -> batch normalisation -> dropout. */
struct block_shape time_encoder_stage(struct session *session, int in, int out, bool transposed);

/* Channels between two stages, where the length is S 2^level: 3/4 as many at the level next to the keys. */
int time_encoder_channels(const struct session *session, int stages, int level);

/* mu and logvar of records (batch, keys * frames, 2). */
void time_encoder_forward(const struct ops *ops, struct time_encoder *encoder, struct tensor records,
                          struct pass pass);

/* Adds the parameters' gradients, given that of z = mu + exp(logvar / 2) epsilon, and kl_weight times those
 * of the KL divergence. */
void time_encoder_backward(const struct ops *ops, struct time_encoder *encoder, struct tensor dz,
                           struct tensor epsilon, real kl_weight, struct pass pass);

void time_encoder_free(const struct ops *ops, struct time_encoder *encoder);

#endif
