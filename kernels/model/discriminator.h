/* The discriminator: up to eight residual blocks that halve the length and double the channels, the mean over
 * time, minibatch discrimination (Salimans et al. 2016), one logit a record. */
#ifndef KERNELS_MODEL_DISCRIMINATOR_H
#define KERNELS_MODEL_DISCRIMINATOR_H

#include "kernels/model/layer.h"

enum { DISCRIMINATOR_BLOCKS_MAX = 8 };

/* convolution -> activation -> norm, + a skip: the input averaged by twos, through a 1x1 convolution where
 * the channels differ. With spectral normalisation (Miyato et al. 2018) the convolution's weight is `normal`
 * = weight / sigma. */
struct discriminator_block {
    struct conv_layer conv;
    bool spectral, has_skip_layer;
    struct linear_layer skip_layer; /* the skip's 1x1 convolution */
    struct weight u, v;             /* of the power iteration */
    device normal, dnormal, sigma;
    struct tensor y, halved, skip; /* skip is `halved` where there is no skip layer */
    struct tensor dy, dhalved;
};

struct discriminator {
    struct session *session;
    int blocks;
    struct discriminator_block block[DISCRIMINATOR_BLOCKS_MAX];
    struct weight projection; /* (outputs * dims, features): of the minibatch discrimination */
    struct linear_layer final;
    struct tensor features, m, similarity, concatenated, logit; /* (batch, 1, …) */
    struct tensor dfeatures, dm, dsimilarity, dconcatenated;
};

void discriminator_make_or_die(struct discriminator *d, struct session *session,
                               struct parameters *parameters);

/* One step of the power iteration in every block with spectral normalisation; once in each update. */
void discriminator_power_iteration(struct discriminator *d);

/* d->logit (batch, 1, 1) of records x (batch, keys * frames, 2). */
void discriminator_forward(struct discriminator *d, struct tensor x, struct pass pass);

/* dlogit is used up; dx (overwritten) may have no data. `parameters`: adds the parameters' gradients too.
 * dfeature is a further gradient of discriminator_feature's tensor, or has no data. */
void discriminator_backward(struct discriminator *d, struct tensor dx, struct tensor dlogit,
                            struct tensor dfeature, struct tensor x, bool parameters, struct pass pass);

/* The output of the block before the last, which the feature matching loss compares. */
struct tensor discriminator_feature(const struct discriminator *d);

void discriminator_free(struct discriminator *d);

#endif
