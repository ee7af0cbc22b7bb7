/* Makes, runs and differentiates the discriminator. */
#include "kernels/model/discriminator.h"

#include <stdio.h>

enum { SIMILARITIES = 10, SIMILARITY_DIMS = 5, LENGTH_LEAST = 4 };

static struct block_shape block_shape(const struct config *config, int in, int out)
{
    return (struct block_shape){
        .in = in,
        .out = out,
        .kernel = 4,
        .stride = 2,
        .padding = 1,
        .slope = config->discriminator.activation == ACTIVATION_LEAKY_RELU ? (real)0.25 : 0,
        .norm = config->discriminator.norm == NORM_BATCH,
        .epsilon = (real)1e-5,
        .momentum = (real)0.1};
}

static void make_spectral(struct discriminator_block *b, struct parameters *p, const char *name)
{
    struct initialisation unit = {INITIAL_UNIT, 0};
    int rows = b->conv.shape.out, columns = b->conv.shape.kernel * b->conv.shape.in;
    b->spectral = true;
    parameters_declare_statistic(p, &b->u, name, "spectral.u", unit, rows);
    parameters_declare_statistic(p, &b->v, name, "spectral.v", unit, columns);
    b->normal = session_memory_or_die(p->session, (size_t)rows * (size_t)columns);
    b->dnormal = session_memory_or_die(p->session, (size_t)rows * (size_t)columns);
    b->sigma = session_memory_or_die(p->session, 1);
}

/* A block on inputs of this length; `index` counts from 0. */
static void make_block(struct discriminator_block *b, struct parameters *p, int index, int length)
{
    struct session *s = p->session;
    char name[32], skip_name[40];
    int in = index ? 1 << index : 2, out = 2 << index;
    snprintf(name, sizeof name, "block%d", index + 1);
    snprintf(skip_name, sizeof skip_name, "%s.skip", name);
    conv_layer_make_or_die(&b->conv, p, name, block_shape(s->config, in, out), length);
    if (s->config->discriminator.norm == NORM_SPECTRAL && index > 0) make_spectral(b, p, name);
    b->y = session_tensor_or_die(s, b->conv.length, out);
    b->dy = session_tensor_or_die(s, b->conv.length, out);
    b->halved = b->skip = session_tensor_or_die(s, b->conv.length, in);
    b->has_skip_layer = in != out;
    if (!b->has_skip_layer) return;
    linear_layer_make(&b->skip_layer, p, skip_name, in, out, false);
    b->skip = session_tensor_or_die(s, b->conv.length, out);
    b->dhalved = session_tensor_or_die(s, b->conv.length, in);
}

static void make_head(struct discriminator *d, struct parameters *p, int features)
{
    struct session *s = p->session;
    struct initialisation normal = {INITIAL_NORMAL, 1};
    parameters_declare(p, &d->projection, "minibatch", "weight", normal, SIMILARITIES * SIMILARITY_DIMS,
                       features, 0);
    linear_layer_make(&d->final, p, "final", features + SIMILARITIES, 1, false);
    struct tensor *tensors[] = {&d->features,  &d->similarity,  &d->m,  &d->concatenated, &d->logit,
                                &d->dfeatures, &d->dsimilarity, &d->dm, &d->dconcatenated};
    int channels[] = {features, SIMILARITIES, SIMILARITIES * SIMILARITY_DIMS, features + SIMILARITIES, 1,
                      features, SIMILARITIES, SIMILARITIES * SIMILARITY_DIMS, features + SIMILARITIES};
    for (size_t i = 0; i < sizeof channels / sizeof channels[0]; i++)
        *tensors[i] = session_tensor_or_die(s, 1, channels[i]);
}

void discriminator_make_or_die(struct discriminator *d, struct session *session, struct parameters *p)
{
    int length = session->keys.keys * session->keys.frames;
    d->session = session;
    while (d->blocks < DISCRIMINATOR_BLOCKS_MAX && (length > LENGTH_LEAST || d->blocks == 0)) {
        make_block(&d->block[d->blocks], p, d->blocks, length);
        length = d->block[d->blocks++].conv.length;
    }
    make_head(d, p, d->block[d->blocks - 1].conv.shape.out);
}

/* The convolution's parameters, with spectral normalisation the normalised weight. */
static struct block_parameters spectral_values(const struct discriminator_block *b)
{
    struct block_parameters values = conv_layer_values(&b->conv);
    if (b->spectral) values.weight = b->normal;
    return values;
}

static void normalise_weight(const struct ops *ops, struct discriminator_block *b, bool iterate)
{
    const struct block_shape *shape = &b->conv.shape;
    if (b->spectral)
        ops->spectral(b->normal, b->sigma, b->u.value, b->v.value, b->conv.weight.value, shape->out,
                      shape->kernel * shape->in, iterate);
}

static void block_forward(const struct ops *ops, struct discriminator_block *b, struct tensor x,
                          struct pass pass)
{
    normalise_weight(ops, b, false);
    ops->halve(b->halved, x);
    if (b->has_skip_layer) linear_layer_forward(ops, &b->skip_layer, b->skip, b->halved);
    ops->block_forward(b->conv.block, spectral_values(b), b->y, no_tensor(), x, b->skip, pass);
}

void discriminator_power_iteration(struct discriminator *d)
{
    for (int i = 0; i < d->blocks; i++) normalise_weight(d->session->ops, &d->block[i], true);
}

void discriminator_forward(struct discriminator *d, struct tensor x, struct pass pass)
{
    const struct ops *ops = d->session->ops;
    for (int i = 0; i < d->blocks; i++) {
        block_forward(ops, &d->block[i], x, pass);
        x = d->block[i].y;
    }
    ops->adaptive_pool(d->features, x);
    ops->linear(d->m, d->features, d->projection.value, NULL, false);
    ops->minibatch(d->similarity, d->m);
    ops->concat(d->concatenated, d->features, d->similarity);
    linear_layer_forward(ops, &d->final, d->logit, d->concatenated);
}

/* linear_layer_backward that overwrites dx, and adds the parameters' gradients where asked. */
static void linear_backward(const struct ops *ops, const struct linear_layer *layer, struct tensor dx,
                            struct tensor dy, struct tensor y, struct tensor x, bool parameters)
{
    struct linear_layer frozen = *layer;
    if (!parameters) frozen.weight.gradient = frozen.bias.gradient = NULL;
    linear_layer_backward(ops, &frozen, dx, dy, y, x, false);
}

/* From the logits back to the last block's dy. */
static void head_backward(struct discriminator *d, struct tensor dlogit, bool parameters)
{
    const struct ops *ops = d->session->ops;
    linear_backward(ops, &d->final, d->dconcatenated, dlogit, d->logit, d->concatenated, parameters);
    ops->split(d->dfeatures, d->dsimilarity, d->dconcatenated);
    ops->minibatch_backward(d->dm, d->dsimilarity, d->m, d->similarity);
    ops->linear_backward(d->dfeatures, parameters ? d->projection.gradient : NULL, NULL, d->dm, d->m,
                         d->features, d->projection.value, false, true);
    ops->adaptive_pool_backward(d->block[d->blocks - 1].dy, d->dfeatures);
}

static void block_backward(const struct ops *ops, struct discriminator_block *b, struct tensor dx,
                           struct tensor x, bool parameters, struct pass pass)
{
    const struct block_shape *shape = &b->conv.shape;
    struct block_parameters gradients = {0};
    if (parameters) gradients = conv_layer_gradients(&b->conv);
    if (parameters && b->spectral) {
        gradients.weight = b->dnormal;
        ops->zero(b->dnormal, (size_t)shape->out * (size_t)shape->kernel * (size_t)shape->in);
    }
    ops->block_backward(b->conv.block, spectral_values(b), gradients, dx, no_tensor(), b->dy, no_tensor(), x,
                        pass);
    if (parameters && b->spectral)
        ops->spectral_backward(b->conv.weight.gradient, b->dnormal, b->normal, b->sigma, b->u.value,
                               b->v.value, shape->out, shape->kernel * shape->in);
    struct tensor dhalved = b->dy;
    if (b->has_skip_layer) {
        dhalved = b->dhalved;
        linear_backward(ops, &b->skip_layer, dhalved, b->dy, b->skip, b->halved, parameters);
    }
    if (dx.data) ops->halve_backward(dx, dhalved);
}

void discriminator_backward(struct discriminator *d, struct tensor dx, struct tensor dlogit,
                            struct tensor dfeature, struct tensor x, bool parameters, struct pass pass)
{
    const struct ops *ops = d->session->ops;
    head_backward(d, dlogit, parameters);
    for (int i = d->blocks - 1; i >= 0; i--) {
        bool is_feature = d->block[i].y.data == discriminator_feature(d).data;
        if (is_feature && dfeature.data) ops->add(d->block[i].dy, dfeature);
        block_backward(ops, &d->block[i], i ? d->block[i - 1].dy : dx, i ? d->block[i - 1].y : x, parameters,
                       pass);
    }
}

struct tensor discriminator_feature(const struct discriminator *d)
{
    return d->block[d->blocks > 1 ? d->blocks - 2 : 0].y;
}

void discriminator_free(struct discriminator *d)
{
    for (int i = 0; i < d->blocks; i++) d->session->ops->block_free(d->block[i].conv.block);
}
