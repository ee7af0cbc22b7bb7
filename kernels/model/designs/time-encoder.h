/* The encoder of the design whose latents run over time: real records, frame by frame, to the mean and the
 * logarithm of the variance of each latent. */
#ifndef KERNELS_MODEL_DESIGNS_TIME_ENCODER_H
#define KERNELS_MODEL_DESIGNS_TIME_ENCODER_H

#include "kernels/model/layer.h"

enum { STAGES_MOST = 16 };

struct hearing {
    struct session *session;
    int stages;
    struct conv_layer encode[STAGES_MOST], posterior;
    struct tensor frames, heard[STAGES_MOST]; /* heard[i]: encode[i]'s output */
    struct tensor said, mu, logvar;           /* said (batch, S, 2E): mu, then logvar, (batch, S, E) each */
    struct tensor dheard[STAGES_MOST], dsaid, dmu, dlogvar;
};

void hearing_make_or_die(struct hearing *hearing, struct parameters *parameters, int stages, bool training);

/* A convolution that halves or doubles the length -> leaky ReLU -> batch normalisation -> dropout. */
struct block_shape hearing_stage(struct session *session, int in, int out, bool transposed);

/* Channels where the length is that of the latents times 2^level: fewer next to the keys. */
int hearing_width(const struct session *session, int stages, int level);

/* mu and logvar of the records. */
void hearing_forward(const struct ops *ops, struct hearing *hearing, struct tensor records, struct pass pass);

/* Given the gradient of the draw z = mu + exp(logvar / 2) epsilon; the KL divergence's comes with kl_weight.
 */
void hearing_backward(const struct ops *ops, struct hearing *hearing, struct tensor dz, struct tensor epsilon,
                      real kl_weight, struct pass pass);

void hearing_free(const struct ops *ops, struct hearing *hearing);

#endif
