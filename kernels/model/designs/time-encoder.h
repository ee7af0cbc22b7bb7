/* The encoder of the design whose latents run over time: real records, frame by frame, to the mean and the
 * logarithm of the variance of each latent. */
#ifndef KERNELS_MODEL_DESIGNS_TIME_ENCODER_H
#define KERNELS_MODEL_DESIGNS_TIME_ENCODER_H

#include "kernels/model/layer.h"

enum { STAGES_MOST = 16 };

struct time_encoder {
    struct session *session;
    int stages;
    struct conv_layer stage[STAGES_MOST], posterior;
    struct tensor frames, y[STAGES_MOST]; /* y[i]: stage[i]'s output */
    struct tensor mu_logvar, mu, logvar;  /* mu_logvar (batch, S, 2E): mu, then logvar, (batch, S, E) each */
    struct tensor dy[STAGES_MOST], dmu_logvar, dmu, dlogvar;
};

void time_encoder_make_or_die(struct time_encoder *encoder, struct parameters *parameters, int stages,
                              bool training);

/* A convolution that halves or doubles the length -> leaky ReLU -> batch normalisation -> dropout. */
struct block_shape time_encoder_stage(struct session *session, int in, int out, bool transposed);

/* Channels where the length is that of the latents times 2^level: fewer next to the keys. */
int time_encoder_channels(const struct session *session, int stages, int level);

/* mu and logvar of the records. */
void time_encoder_forward(const struct ops *ops, struct time_encoder *encoder, struct tensor records,
                          struct pass pass);

/* Given the gradient of the draw z = mu + exp(logvar / 2) epsilon; the KL divergence's comes with kl_weight.
 */
void time_encoder_backward(const struct ops *ops, struct time_encoder *encoder, struct tensor dz,
                           struct tensor epsilon, real kl_weight, struct pass pass);

void time_encoder_free(const struct ops *ops, struct time_encoder *encoder);

#endif
