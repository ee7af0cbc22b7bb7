/* The design `musigan`, as the original system is described: white noise -> variational encoder ->
 * transformer
 * -> decoder -> keys.
 *
 *   conv1, pooled pairs, conv2, adaptive pooling      [N, 2] -> [S, C]
 *   mu, logvar, z, transformer                        [S, E]
 *   to_decoder, up1 … up4 with resized skips          [S, C] -> [40 S, 2]
 *   hard sigmoid, and with use_gaussians an envelope  [L, 2]
 *
 * Each up adds a skip, the output of the block before it as it was before that block added its own skip
 * (`bare`). N noise samples, S latents of E channels, C channels, L = keys * frames. */
#include <stdlib.h>

#include "common/memory.h"
#include "kernels/model/design.h"
#include "kernels/model/designs/envelope.h"
#include "kernels/model/transformer.h"

enum { UPS = 4 };

struct musigan {
    struct generator base;
    struct conv_layer conv1, conv2, up[UPS];
    struct linear_layer mu_layer, logvar_layer, to_decoder;
    struct transformer transformer;
    struct envelope envelope; /* with use_gaussians */
    device positions;         /* (S, E), or NULL */

    struct tensor pairs, encoded, pooled;          /* outputs of conv1, of conv2, (S, C) */
    struct tensor mu, logvar, epsilon, z, context; /* (S, E); context is the transformer's output */
    struct tensor projected;                       /* to_decoder's output, (S, C) */
    struct tensor y[UPS], bare[UPS];               /* outputs of the ups, the same without the skips */
    struct tensor peak, hard_sigmoid;              /* hard_sigmoid is the output where no envelope follows */

    struct tensor dpairs, dencoded, dpooled, dmu, dlogvar, dz, dcontext;
    struct tensor dprojected, dprojected_skip, dy[UPS], dbare[UPS], dhard_sigmoid;
};

/* A block: convolution -> ReLU -> batch normalisation -> dropout. */
static struct block_shape convolution(struct session *s, int in, int out, int kernel, int stride, int padding)
{
    struct block_shape shape = {.in = in, .out = out, .kernel = kernel, .stride = stride, .padding = padding};
    shape.norm = true;
    shape.bf16 = true;
    shape.epsilon = (real)1e-11;
    shape.momentum = (real)0.1;
    shape.dropout = session_dropout(s, s->config->dropout);
    return shape;
}

static void make_encoder(struct musigan *g, struct parameters *p)
{
    struct session *s = p->session;
    int channels = s->config->model.n_channels, width = s->config->model.latent_dim;
    struct block_shape first = convolution(s, 2, channels, 9, 2, 4);
    first.pool_pairs = true;
    conv_layer_make_or_die(&g->conv1, p, "conv1", first, s->config->noise_dim);
    conv_layer_make_or_die(&g->conv2, p, "conv2", convolution(s, channels, channels, 7, 2, 3),
                           g->conv1.length);
    linear_layer_make(&g->mu_layer, p, "mu", channels, width, false);
    linear_layer_make(&g->logvar_layer, p, "logvar", channels, width, false);
    transformer_make_or_die(&g->transformer, p, "transformer",
                            (struct transformer_shape){.layers = s->config->model.num_layers,
                                                       .heads = s->config->model.num_heads,
                                                       .width = width,
                                                       .feed_forward = 2 * width,
                                                       .length = s->config->model.latent_seq_len,
                                                       .dropout = s->config->model.dropout});
}

static void make_decoder(struct musigan *g, struct parameters *p, bool training)
{
    static const struct {
        const char *name;
        int kernel, stride, padding, output_padding;
    } ups[UPS] = {
        {"up1", 7, 2, 3, 1},
        {"up2", 2, 2, 0, 0},
        {"up3", 3, 5, 1, 4},
        {"up4", 9, 2, 4, 1},
    };
    struct session *s = p->session;
    int channels = s->config->model.n_channels, length = s->config->model.latent_seq_len;
    linear_layer_make(&g->to_decoder, p, "latent_to_decoder", s->config->model.latent_dim, channels, false);
    for (int i = 0; i < UPS; i++) {
        bool last = i == UPS - 1;
        struct block_shape shape =
            convolution(s, channels, last ? 2 : channels, ups[i].kernel, ups[i].stride, ups[i].padding);
        shape.transposed = true;
        shape.output_padding = ups[i].output_padding;
        shape.norm = shape.bf16 = !last;
        shape.slope = last ? 1 : 0;
        if (last) shape.dropout = (struct dropout){0};
        conv_layer_make_or_die(&g->up[i], p, ups[i].name, shape, length);
        length = g->up[i].length;
    }
    if (s->config->model.use_gaussians)
        envelope_make_or_die(&g->envelope, p, s->config->model.latent_dim * s->config->model.latent_seq_len,
                             s->config->model.num_of_gaussians, training);
}

static void take_activations(struct musigan *g, struct session *s)
{
    int channels = s->config->model.n_channels, width = s->config->model.latent_dim;
    int latent = s->config->model.latent_seq_len, cells = s->keys.keys * s->keys.frames;
    g->base.noise = session_tensor_or_die(s, s->config->noise_dim, 2);
    g->pairs = session_activation_or_die(s, g->conv1.length, channels);
    g->encoded = session_activation_or_die(s, g->conv2.length, channels);
    g->pooled = session_activation_or_die(s, latent, channels);
    g->projected = session_activation_or_die(s, latent, channels);
    struct tensor *of_width[] = {&g->mu, &g->logvar, &g->z};
    for (int i = 0; i < 3; i++) *of_width[i] = session_activation_or_die(s, latent, width);
    g->epsilon = session_tensor_or_die(s, latent, width);
    for (int i = 0; i < UPS - 1; i++) {
        g->y[i] = session_activation_or_die(s, g->up[i].length, channels);
        /* Only the first two outputs are skips later. */
        if (i < 2) g->bare[i] = session_activation_or_die(s, g->up[i].length, channels);
    }
    g->y[UPS - 1] = session_tensor_or_die(s, g->up[UPS - 1].length, 2);
    g->peak = session_tensor_or_die(s, 1, 2);
    g->base.output = session_tensor_or_die(s, cells, 2);
    g->hard_sigmoid = s->config->model.use_gaussians ? session_tensor_or_die(s, cells, 2) : g->base.output;
}

/* Gradients of activations in the decoder and in the encoder are never needed at once and share memory. */
static void take_gradients(struct musigan *g, struct session *s)
{
    const struct gradient decoder[] = {
        {&g->dy[0], g->y[0]},
        {&g->dy[1], g->y[1]},
        {&g->dy[2], g->y[2]},
        {&g->dy[3], g->y[3]},
        {&g->dbare[0], g->bare[0]},
        {&g->dbare[1], g->bare[1]},
        {&g->dprojected, g->projected},
        {&g->dprojected_skip, g->projected},
        {&g->dhard_sigmoid, g->hard_sigmoid},
    };
    const struct gradient encoder[] = {
        {&g->dpairs, g->pairs}, {&g->dencoded, g->encoded}, {&g->dpooled, g->pooled}};
    session_gradients_or_die(s, decoder, sizeof decoder / sizeof *decoder, encoder,
                             sizeof encoder / sizeof *encoder);
    struct tensor *of_width[] = {&g->dmu, &g->dlogvar, &g->dz, &g->dcontext};
    for (int i = 0; i < 4; i++) *of_width[i] = session_activation_or_die(s, g->z.length, g->z.channels);
}

static void set_positions(struct musigan *g, struct session *s)
{
    if (s->config->model.position != POSITION_SINUSOIDAL) return;
    size_t count = (size_t)s->config->model.latent_seq_len * (size_t)s->config->model.latent_dim;
    real *table = allocate_or_die(count, sizeof table[0]);
    sinusoidal_positions(table, s->config->model.latent_seq_len, s->config->model.latent_dim);
    g->positions = session_memory_or_die(s, count);
    s->ops->upload(g->positions, table, count);
    free(table);
}

static struct generator *make_or_die(struct session *s, struct parameters *p, bool training)
{
    struct musigan *g = allocate_or_die(1, sizeof *g);
    g->base.session = s;
    make_encoder(g, p);
    make_decoder(g, p, training);
    take_activations(g, s);
    set_positions(g, s);
    if (training) take_gradients(g, s);
    return &g->base;
}

static void draw(struct generator *base, int first, int count, uint64_t seed, uint32_t number)
{
    struct musigan *g = (struct musigan *)base;
    const struct ops *ops = base->session->ops;
    const struct {
        struct tensor tensor;
        enum purpose purpose;
    } draws[] = {{base->noise, PURPOSE_NOISE}, {g->epsilon, PURPOSE_EPSILON}};
    for (int i = 0; i < 2; i++) {
        size_t sample = (size_t)draws[i].tensor.length * (size_t)draws[i].tensor.channels;
        ops->normal(ops->at(draws[i].tensor.data, (size_t)first * sample), (size_t)count * sample, 1,
                    random_key_make(seed, draws[i].purpose, number));
    }
}

static void encode(const struct ops *ops, struct musigan *g, struct pass pass)
{
    conv_layer_forward(ops, &g->conv1, g->pairs, no_tensor(), g->base.noise, no_tensor(), pass);
    conv_layer_forward(ops, &g->conv2, g->encoded, no_tensor(), g->pairs, no_tensor(), pass);
    ops->adaptive_pool(g->pooled, g->encoded);
    linear_layer_forward(ops, &g->mu_layer, g->mu, g->pooled);
    linear_layer_forward(ops, &g->logvar_layer, g->logvar, g->pooled);
    ops->reparameterise(g->z, g->mu, g->logvar, g->epsilon, g->positions);
}

/* (batch, length, channels) as (batch, 1, length * channels). */
static struct tensor flattened(struct tensor x)
{
    return (struct tensor){x.data, x.batch, 1, x.length * x.channels, x.bf16};
}

static void decode(const struct ops *ops, struct musigan *g, struct pass pass)
{
    linear_layer_forward(ops, &g->to_decoder, g->projected, g->context);
    conv_layer_forward(ops, &g->up[0], g->y[0], g->bare[0], g->projected, g->projected, pass);
    conv_layer_forward(ops, &g->up[1], g->y[1], g->bare[1], g->y[0], g->bare[0], pass);
    conv_layer_forward(ops, &g->up[2], g->y[2], no_tensor(), g->y[1], g->bare[1], pass);
    conv_layer_forward(ops, &g->up[3], g->y[3], no_tensor(), g->y[2], no_tensor(), pass);
    ops->hard_sigmoid(g->hard_sigmoid, g->peak, g->y[3]);
    if (g->hard_sigmoid.data != g->base.output.data)
        envelope_forward(ops, &g->envelope, g->base.output, g->hard_sigmoid, flattened(g->context));
}

static void sample(struct generator *base, struct pass pass)
{
    struct musigan *g = (struct musigan *)base;
    const struct ops *ops = base->session->ops;
    encode(ops, g, pass);
    g->context = transformer_forward(ops, &g->transformer, g->z, pass);
    decode(ops, g, pass);
}

/* The encoder takes noise, not records: training generates as sampling does. */
static void forward(struct generator *base, struct tensor records, bool whole, struct pass pass)
{
    (void)records, (void)whole;
    sample(base, pass);
}

/* Leaves the gradient of the transformer's output in dcontext. */
static void decode_backward(const struct ops *ops, struct musigan *g, struct tensor doutput, struct pass pass)
{
    bool enveloped = g->hard_sigmoid.data != g->base.output.data;
    struct tensor dhard_sigmoid = enveloped ? g->dhard_sigmoid : doutput;
    if (enveloped)
        envelope_backward(ops, &g->envelope, dhard_sigmoid, doutput, g->base.output, g->hard_sigmoid);
    ops->hard_sigmoid_backward(g->dy[3], dhard_sigmoid, g->peak, g->y[3]);
    struct tensor skipped[] = {g->dbare[0], g->dbare[1], g->dprojected_skip};
    for (int i = 0; i < 3; i++) ops->zero(skipped[i].data, ops->storage(skipped[i]));
    conv_layer_backward(ops, &g->up[3], g->dy[2], no_tensor(), g->dy[3], no_tensor(), g->y[2], pass);
    conv_layer_backward(ops, &g->up[2], g->dy[1], g->dbare[1], g->dy[2], no_tensor(), g->y[1], pass);
    conv_layer_backward(ops, &g->up[1], g->dy[0], g->dbare[0], g->dy[1], g->dbare[1], g->y[0], pass);
    conv_layer_backward(ops, &g->up[0], g->dprojected, g->dprojected_skip, g->dy[0], g->dbare[0],
                        g->projected, pass);
    ops->add(g->dprojected, g->dprojected_skip);
    linear_layer_backward(ops, &g->to_decoder, g->dcontext, g->dprojected, g->projected, g->context, false);
    if (enveloped)
        envelope_context_backward(ops, &g->envelope, flattened(g->dcontext), flattened(g->context));
}

static void encode_backward(const struct ops *ops, struct musigan *g, real kl_weight, struct pass pass)
{
    ops->reparameterise_backward(g->dmu, g->dlogvar, g->dz, g->mu, g->logvar, g->epsilon, kl_weight);
    linear_layer_backward(ops, &g->mu_layer, g->dpooled, g->dmu, g->mu, g->pooled, false);
    linear_layer_backward(ops, &g->logvar_layer, g->dpooled, g->dlogvar, g->logvar, g->pooled, true);
    ops->adaptive_pool_backward(g->dencoded, g->dpooled);
    conv_layer_backward(ops, &g->conv2, g->dpairs, no_tensor(), g->dencoded, no_tensor(), g->pairs, pass);
    conv_layer_backward(ops, &g->conv1, no_tensor(), no_tensor(), g->dpairs, no_tensor(), g->base.noise,
                        pass);
}

static void backward(struct generator *base, struct loss_sums *losses, struct tensor doutput,
                     struct tensor records, real kl_weight, struct pass pass)
{
    (void)losses, (void)records;
    struct musigan *g = (struct musigan *)base;
    const struct ops *ops = base->session->ops;
    decode_backward(ops, g, doutput, pass);
    transformer_backward(ops, &g->transformer, g->dz, g->dcontext, g->z, pass);
    encode_backward(ops, g, kl_weight, pass);
}

static void kl(struct generator *base, device value)
{
    struct musigan *g = (struct musigan *)base;
    base->session->ops->kl(value, g->mu, g->logvar);
}

static void free_musigan(struct generator *base)
{
    struct musigan *g = (struct musigan *)base;
    const struct ops *ops = base->session->ops;
    struct conv_layer *convs[] = {&g->conv1, &g->conv2, &g->up[0], &g->up[1], &g->up[2], &g->up[3]};
    for (size_t i = 0; i < sizeof convs / sizeof convs[0]; i++) ops->block_free(convs[i]->block);
    transformer_free(ops, &g->transformer);
    free(g);
}

const struct design design_musigan = {.name = "musigan",
                                      .losses = LOSS_GATES,
                                      .make_or_die = make_or_die,
                                      .free = free_musigan,
                                      .draw = draw,
                                      .forward = forward,
                                      .sample = sample,
                                      .backward = backward,
                                      .kl = kl};
