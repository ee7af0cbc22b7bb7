/* The described design: white noise -> variational encoder -> transformer -> decoder -> keys.
 *
 *   conv1, pooled pairs, conv2, adaptive pooling      [N, 2] -> [S, C]
 *   mu, logvar, z, transformer                        [S, E]
 *   to_decoder, up1 … up4 with resized skips          [S, C] -> [40 S, 2]
 *   squash, and with use_gaussians an envelope        [L, 2]
 *
 * A skip comes from the block before, as it was before its own skip was added (`bare`). */
#include "common/memory.h"
#include "kernels/model/design.h"
#include "kernels/model/transformer.h"
#include <stdlib.h>

enum { UPS = 4 };

struct musigan {
    struct generator base;
    struct conv_layer conv1, conv2, up[UPS];
    struct linear_layer mu_layer, logvar_layer, to_decoder, gaussians1, gaussians2;
    struct transformer transformer;
    device positions; /* (S, E), or NULL */

    struct tensor pairs, coded, pooled;           /* conv1's, conv2's output, (S, C) */
    struct tensor mu, logvar, epsilon, z, spoken; /* (S, E); spoken is the transformer's output */
    struct tensor seed, y[UPS], bare[UPS]; /* to_decoder's output, each up's output, the same without skip */
    struct tensor peak, squashed;          /* the output, when no envelope follows */
    struct tensor flat, bells, bell_hidden, envelope_peak;

    /* Gradients. Those of the decoder and of the encoder are never needed together and share memory. */
    struct tensor dpairs, dcoded, dpooled, dmu, dlogvar, dz, dspoken;
    struct tensor dseed, dseed_skip, dy[UPS], dbare[UPS], dsquashed, dbells, dbell_hidden;
};

static struct block_shape convolution(const struct session *s, int in, int out, int kernel, int stride,
                                      int padding)
{
    return (struct block_shape){.in = in,
                                .out = out,
                                .kernel = kernel,
                                .stride = stride,
                                .padding = padding,
                                .norm = true,
                                .epsilon = (real)1e-11,
                                .momentum = (real)0.1,
                                .dropout = {(real)s->config->dropout, 0}};
}

static void make_conv(struct conv_layer *layer, struct parameters *p, const char *name,
                      struct block_shape shape, int length)
{
    if (shape.norm) shape.dropout = session_dropout(p->session, p->session->config->dropout);
    conv_layer_make_or_die(layer, p, name, shape, length);
}

static void make_encoder(struct musigan *g, struct parameters *p)
{
    struct session *s = p->session;
    int channels = s->config->model.n_channels, width = s->config->model.latent_dim;
    struct block_shape first = convolution(s, 2, channels, 9, 2, 4);
    first.pool_pairs = true;
    make_conv(&g->conv1, p, "conv1", first, s->config->noise_dim);
    make_conv(&g->conv2, p, "conv2", convolution(s, channels, channels, 7, 2, 3), g->conv1.length);
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

static void make_decoder(struct musigan *g, struct parameters *p)
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
        shape.norm = !last;
        shape.slope = last ? 1 : 0;
        if (last) shape.dropout = (struct dropout){0};
        make_conv(&g->up[i], p, ups[i].name, shape, length);
        length = g->up[i].length;
    }
    if (!s->config->model.use_gaussians) return;
    int bells = s->config->model.num_of_gaussians;
    linear_layer_make(&g->gaussians1, p, "gaussians.0",
                      s->config->model.latent_dim * s->config->model.latent_seq_len, 4 * bells, true);
    linear_layer_make(&g->gaussians2, p, "gaussians.2", 4 * bells, 2 * bells, false);
}

static void take_activations(struct musigan *g, struct session *s)
{
    int channels = s->config->model.n_channels, width = s->config->model.latent_dim;
    int latent = s->config->model.latent_seq_len, cells = s->keys.keys * s->keys.frames;
    g->base.noise = session_tensor_or_die(s, s->config->noise_dim, 2);
    g->pairs = session_tensor_or_die(s, g->conv1.length, channels);
    g->coded = session_tensor_or_die(s, g->conv2.length, channels);
    g->pooled = session_tensor_or_die(s, latent, channels);
    g->mu = session_tensor_or_die(s, latent, width);
    g->logvar = session_tensor_or_die(s, latent, width);
    g->epsilon = session_tensor_or_die(s, latent, width);
    g->z = session_tensor_or_die(s, latent, width);
    g->seed = session_tensor_or_die(s, latent, channels);
    for (int i = 0; i < UPS; i++) {
        g->y[i] = session_tensor_or_die(s, g->up[i].length, g->up[i].shape.out);
        /* Only the first two are skipped from later. */
        if (i < 2) g->bare[i] = session_tensor_or_die(s, g->up[i].length, channels);
    }
    g->peak = session_tensor_or_die(s, 1, 2);
    g->base.output = session_tensor_or_die(s, cells, 2);
    g->squashed = g->base.output;
    if (!s->config->model.use_gaussians) return;
    g->squashed = session_tensor_or_die(s, cells, 2);
    g->envelope_peak = session_tensor_or_die(s, 1, 2);
    g->bell_hidden = session_tensor_or_die(s, 1, g->gaussians1.out);
    g->bells = session_tensor_or_die(s, 1, g->gaussians2.out);
}

/* A tensor like x in `memory` from *used on. */
static struct tensor place(const struct ops *ops, device memory, size_t *used, struct tensor x)
{
    struct tensor tensor = x;
    tensor.data = memory ? ops->at(memory, *used) : NULL;
    *used += (tensor_count(x) + 15) / 16 * 16;
    return tensor;
}

static size_t place_decoder(const struct ops *ops, struct musigan *g, device memory)
{
    size_t used = 0;
    for (int i = 0; i < UPS; i++) {
        g->dy[i] = place(ops, memory, &used, g->y[i]);
        if (g->bare[i].data) g->dbare[i] = place(ops, memory, &used, g->bare[i]);
    }
    g->dseed = place(ops, memory, &used, g->seed);
    g->dseed_skip = place(ops, memory, &used, g->seed);
    if (g->squashed.data != g->base.output.data) g->dsquashed = place(ops, memory, &used, g->squashed);
    return used;
}

static size_t place_encoder(const struct ops *ops, struct musigan *g, device memory)
{
    size_t used = 0;
    g->dpairs = place(ops, memory, &used, g->pairs);
    g->dcoded = place(ops, memory, &used, g->coded);
    g->dpooled = place(ops, memory, &used, g->pooled);
    return used;
}

static void take_gradients(struct musigan *g, struct session *s)
{
    int width = s->config->model.latent_dim, latent = s->config->model.latent_seq_len;
    size_t decoder = place_decoder(s->ops, g, NULL), encoder = place_encoder(s->ops, g, NULL);
    device memory = session_memory_or_die(s, decoder > encoder ? decoder : encoder);
    place_decoder(s->ops, g, memory);
    place_encoder(s->ops, g, memory);
    g->dmu = session_tensor_or_die(s, latent, width);
    g->dlogvar = session_tensor_or_die(s, latent, width);
    g->dz = session_tensor_or_die(s, latent, width);
    g->dspoken = session_tensor_or_die(s, latent, width);
    if (!s->config->model.use_gaussians) return;
    g->dbells = session_tensor_or_die(s, 1, g->gaussians2.out);
    g->dbell_hidden = session_tensor_or_die(s, 1, g->gaussians1.out);
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
    make_decoder(g, p);
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
    conv_layer_forward(ops, &g->conv2, g->coded, no_tensor(), g->pairs, no_tensor(), pass);
    ops->adaptive_pool(g->pooled, g->coded);
    linear_layer_forward(ops, &g->mu_layer, g->mu, g->pooled);
    linear_layer_forward(ops, &g->logvar_layer, g->logvar, g->pooled);
    ops->latent(g->z, g->mu, g->logvar, g->epsilon, g->positions);
}

/* The whole sequence of a sample as one row. */
static struct tensor flattened(struct tensor x)
{
    return (struct tensor){x.data, x.batch, 1, x.length * x.channels};
}

static void decode(const struct ops *ops, struct musigan *g, struct pass pass)
{
    linear_layer_forward(ops, &g->to_decoder, g->seed, g->spoken);
    conv_layer_forward(ops, &g->up[0], g->y[0], g->bare[0], g->seed, g->seed, pass);
    conv_layer_forward(ops, &g->up[1], g->y[1], g->bare[1], g->y[0], g->bare[0], pass);
    conv_layer_forward(ops, &g->up[2], g->y[2], no_tensor(), g->y[1], g->bare[1], pass);
    conv_layer_forward(ops, &g->up[3], g->y[3], no_tensor(), g->y[2], no_tensor(), pass);
    ops->squash(g->squashed, g->peak, g->y[3]);
    if (!g->bells.data) return;
    linear_layer_forward(ops, &g->gaussians1, g->bell_hidden, flattened(g->spoken));
    linear_layer_forward(ops, &g->gaussians2, g->bells, g->bell_hidden);
    ops->envelope(g->base.output, g->envelope_peak, g->squashed, g->bells);
}

static void forward(struct generator *base, struct tensor records, struct pass pass)
{
    (void)records; /* this encoder hears noise only */
    struct musigan *g = (struct musigan *)base;
    const struct ops *ops = base->session->ops;
    encode(ops, g, pass);
    g->spoken = transformer_forward(ops, &g->transformer, g->z, pass);
    decode(ops, g, pass);
}

/* Leaves the gradient of the transformer's output in dspoken. */
static void decode_backward(const struct ops *ops, struct musigan *g, struct tensor doutput, struct pass pass)
{
    struct tensor dsquashed = doutput;
    if (g->bells.data) {
        dsquashed = g->dsquashed;
        ops->envelope_backward(dsquashed, g->dbells, doutput, g->base.output, g->envelope_peak, g->squashed,
                               g->bells);
    }
    ops->squash_backward(g->dy[3], dsquashed, g->peak, g->y[3]);
    struct tensor skipped[] = {g->dbare[0], g->dbare[1], g->dseed_skip};
    for (int i = 0; i < 3; i++) ops->zero(skipped[i].data, tensor_count(skipped[i]));
    conv_layer_backward(ops, &g->up[3], g->dy[2], no_tensor(), g->dy[3], no_tensor(), g->y[2], pass);
    conv_layer_backward(ops, &g->up[2], g->dy[1], g->dbare[1], g->dy[2], no_tensor(), g->y[1], pass);
    conv_layer_backward(ops, &g->up[1], g->dy[0], g->dbare[0], g->dy[1], g->dbare[1], g->y[0], pass);
    conv_layer_backward(ops, &g->up[0], g->dseed, g->dseed_skip, g->dy[0], g->dbare[0], g->seed, pass);
    ops->add(g->dseed.data, g->dseed_skip.data, tensor_count(g->dseed));
    linear_layer_backward(ops, &g->to_decoder, g->dspoken, g->dseed, g->seed, g->spoken, false);
    if (!g->bells.data) return;
    linear_layer_backward(ops, &g->gaussians2, g->dbell_hidden, g->dbells, g->bells, g->bell_hidden, false);
    linear_layer_backward(ops, &g->gaussians1, flattened(g->dspoken), g->dbell_hidden, g->bell_hidden,
                          flattened(g->spoken), true);
}

static void encode_backward(const struct ops *ops, struct musigan *g, real kl_weight, struct pass pass)
{
    ops->latent_backward(g->dmu, g->dlogvar, g->dz, g->mu, g->logvar, g->epsilon, kl_weight);
    linear_layer_backward(ops, &g->mu_layer, g->dpooled, g->dmu, g->mu, g->pooled, false);
    linear_layer_backward(ops, &g->logvar_layer, g->dpooled, g->dlogvar, g->logvar, g->pooled, true);
    ops->adaptive_pool_backward(g->dcoded, g->dpooled);
    conv_layer_backward(ops, &g->conv2, g->dpairs, no_tensor(), g->dcoded, no_tensor(), g->pairs, pass);
    conv_layer_backward(ops, &g->conv1, no_tensor(), no_tensor(), g->dpairs, no_tensor(), g->base.noise,
                        pass);
}

static void backward(struct generator *base, struct tensor doutput, struct tensor records, real kl_weight,
                     struct pass pass)
{
    (void)records;
    struct musigan *g = (struct musigan *)base;
    const struct ops *ops = base->session->ops;
    decode_backward(ops, g, doutput, pass);
    transformer_backward(ops, &g->transformer, g->dz, g->dspoken, g->z, pass);
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
                                      .make_or_die = make_or_die,
                                      .free = free_musigan,
                                      .draw = draw,
                                      .forward = forward,
                                      .backward = backward,
                                      .kl = kl};
