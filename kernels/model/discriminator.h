/* The discriminator: up to eight blocks that halve the length and double the channels, the mean over time,
 * minibatch discrimination, one logit a record. */
#ifndef KERNELS_MODEL_DISCRIMINATOR_H
#define KERNELS_MODEL_DISCRIMINATOR_H

#include "kernels/model/layer.h"

enum { DISCRIMINATOR_BLOCKS_MAX = 8 };

/* convolution -> activation -> norm, + the input averaged by twos, through a 1x1 convolution where the
 * channels differ. With spectral normalisation the convolution works with `normal` = weight / sigma. */
struct discriminator_block {
    struct conv_layer conv;
    bool spectral, widens;
    struct linear_layer widen; /* the skip's 1x1 convolution */
    struct weight u, v;        /* of the power iteration */
    device normal, dnormal, sigma;
    struct tensor y, halved, skip; /* skip is `halved` where the channels agree */
    struct tensor dy, dhalved;
};

struct discriminator {
    struct session *session;
    int blocks;
    struct discriminator_block block[DISCRIMINATOR_BLOCKS_MAX];
    struct weight projection; /* T, (outputs * dims, features) */
    struct linear_layer final;
    struct tensor features, similarity, m, joined, logit;
    struct tensor dfeatures, dsimilarity, dm, djoined;
};

void discriminator_make_or_die(struct discriminator *d, struct session *session,
                               struct parameters *parameters);

/* One step of the power iteration of every block with spectral normalisation; once a training step. */
void discriminator_power_iteration(struct discriminator *d);

/* d->logit (batch, 1, 1) of the records x (batch, keys * frames, 2). */
void discriminator_forward(struct discriminator *d, struct tensor x, struct pass pass);

/* dlogit is used up; dx (overwritten) may have no data. `parameters`: their gradients are added to, else they
 * are left alone. dfeature (no data: none) is a further gradient of discriminator_feature's tensor. */
void discriminator_backward(struct discriminator *d, struct tensor dx, struct tensor dlogit,
                            struct tensor dfeature, struct tensor x, bool parameters, struct pass pass);

/* The output of the block before the last: the feature layer of the feature-matching loss. */
struct tensor discriminator_feature(const struct discriminator *d);

void discriminator_free(struct discriminator *d);

#endif
