/* Makes, runs and differentiates the critic. */
#include "kernels/model/critic.h"

#include <stdio.h>

enum { WINDOW = 3, KERNEL = 5 };
static const int layer_channels[CRITIC_LAYERS] = {16, 32, 48, 48};
static const double DROPOUT = 0.3;

static struct block_shape block_shape(int in, int out, bool norm)
{
    return (struct block_shape){.in = in,
                                .out = out,
                                .kernel = KERNEL,
                                .stride = 2,
                                .padding = KERNEL / 2,
                                .slope = (real)0.2,
                                .norm = norm,
                                .epsilon = (real)1e-5,
                                .momentum = (real)0.1};
}

/* A tensor of every row of every record of the batch. */
static struct tensor rows_or_die(struct session *session, int keys, int length, int channels)
{
    struct tensor x = tensor_make(NULL, session->batch * keys, length, channels);
    x.data = session_memory_or_die(session, tensor_count(x));
    return x;
}

/* Layer `index` on what the one before gives: keys, length, channels; leaves there what it gives itself. */
static void make_layer(struct critic_layer *layer, struct parameters *p, int index, struct critic_shape *at,
                       bool training)
{
    struct session *s = p->session;
    char name[32];
    snprintf(name, sizeof name, "block%d", index + 1);
    if (index > 0) {
        layer->sides = (struct neighbours){
            .in = at->keys, .out = (at->keys + 1) / 2, .window = WINDOW, .stride = 2, .padding = WINDOW / 2};
        at->keys = layer->sides.out, at->channels *= WINDOW;
        layer->wide = rows_or_die(s, at->keys, at->frames, at->channels);
        if (training) layer->dwide = rows_or_die(s, at->keys, at->frames, at->channels);
    }
    struct block_shape shape = block_shape(at->channels, layer_channels[index], index > 0);
    conv_layer_make_samples_or_die(&layer->conv, p, name, shape, s->batch * at->keys, at->frames);
    at->frames = layer->conv.length, at->channels = shape.out;
    layer->y = rows_or_die(s, at->keys, at->frames, at->channels);
    if (training) layer->dy = rows_or_die(s, at->keys, at->frames, at->channels);
}

void critic_make_or_die(struct critic *c, struct session *session, struct parameters *p,
                        struct critic_shape shape, bool training)
{
    *c = (struct critic){.session = session, .dropout = session_dropout(session, DROPOUT)};
    for (int i = 0; i < CRITIC_LAYERS; i++) make_layer(&c->layer[i], p, i, &shape, training);
    c->features = session_tensor_or_die(session, 1, shape.channels);
    c->dfeatures = session_tensor_or_die(session, 1, shape.channels);
    linear_layer_make(&c->final, p, "final", shape.channels, 1, false);
    c->logit = session_tensor_or_die(session, 1, 1);
}

/* Rows of keys, which lie one after the other, as one length. */
static struct tensor keys_in_line(struct tensor x, int batch)
{
    return tensor_make(x.data, batch, x.batch / batch * x.length, x.channels);
}

void critic_forward(struct critic *c, struct tensor seen, struct pass pass)
{
    const struct ops *ops = c->session->ops;
    for (int i = 0; i < CRITIC_LAYERS; i++) {
        struct critic_layer *layer = &c->layer[i];
        if (i > 0) ops->neighbours(layer->wide, seen, layer->sides);
        conv_layer_forward(ops, &layer->conv, layer->y, no_tensor(), i > 0 ? layer->wide : seen, no_tensor(),
                           pass);
        seen = layer->y;
    }
    ops->adaptive_pool(c->features, keys_in_line(seen, c->session->batch));
    ops->dropout(c->features, c->dropout, pass);
    linear_layer_forward(ops, &c->final, c->logit, c->features);
}

static void layer_backward(const struct ops *ops, struct critic_layer *layer, struct tensor dx,
                           struct tensor x, bool parameters, struct pass pass)
{
    struct block_parameters gradients = {0};
    if (parameters) gradients = conv_layer_gradients(&layer->conv);
    ops->block_backward(layer->conv.block, conv_layer_values(&layer->conv), gradients, dx, no_tensor(),
                        layer->dy, no_tensor(), x, pass);
}

void critic_backward(struct critic *c, struct tensor dseen, struct tensor dlogit, struct tensor seen,
                     bool parameters, struct pass pass)
{
    const struct ops *ops = c->session->ops;
    struct linear_layer final = c->final;
    if (!parameters) final.weight.gradient = final.bias.gradient = NULL;
    linear_layer_backward(ops, &final, c->dfeatures, dlogit, c->logit, c->features, false);
    ops->dropout(c->dfeatures, c->dropout, pass);
    ops->adaptive_pool_backward(keys_in_line(c->layer[CRITIC_LAYERS - 1].dy, c->session->batch),
                                c->dfeatures);
    for (int i = CRITIC_LAYERS - 1; i > 0; i--) {
        struct critic_layer *layer = &c->layer[i];
        layer_backward(ops, layer, layer->dwide, layer->wide, parameters, pass);
        ops->neighbours_backward(c->layer[i - 1].dy, layer->dwide, layer->sides);
    }
    layer_backward(ops, &c->layer[0], dseen, seen, parameters, pass);
}

void critic_free(struct critic *c)
{
    for (int i = 0; i < CRITIC_LAYERS; i++) c->session->ops->block_free(c->layer[i].conv.block);
}
