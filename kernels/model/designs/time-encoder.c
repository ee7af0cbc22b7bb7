#include "kernels/model/designs/time-encoder.h"

#include <stdio.h>

struct block_shape hearing_stage(struct session *s, int in, int out, bool transposed)
{
    return (struct block_shape){.transposed = transposed,
                                .in = in,
                                .out = out,
                                .kernel = 4,
                                .stride = 2,
                                .padding = 1,
                                .slope = (real)0.2,
                                .norm = true,
                                .epsilon = (real)1e-5,
                                .momentum = (real)0.1,
                                .dropout = session_dropout(s, s->config->dropout),
                                .bf16 = true};
}

int hearing_width(const struct session *s, int stages, int level)
{
    int channels = s->config->model.n_channels;
    return level == stages - 1 && level > 0 ? channels * 3 / 4 : channels;
}

static void make_stages(struct hearing *h, struct parameters *p)
{
    struct session *s = p->session;
    int in = 2 * s->keys.keys, length = h->frames.length;
    char name[32];
    for (int i = 0; i < h->stages; i++) {
        int out = hearing_width(s, h->stages, h->stages - 1 - i);
        snprintf(name, sizeof name, "encode%d", i + 1);
        conv_layer_make_or_die(&h->encode[i], p, name, hearing_stage(s, in, out, false), length);
        length = h->encode[i].length;
        in = out;
    }
    struct block_shape last = {
        .in = in, .out = 2 * s->config->model.latent_dim, .kernel = 3, .stride = 1, .padding = 1, .slope = 1};
    conv_layer_make_or_die(&h->posterior, p, "posterior", last, length);
}

static void take_memory(struct hearing *h, struct session *s, bool training)
{
    int latents = s->config->model.latent_seq_len, width = s->config->model.latent_dim;
    for (int i = 0; i < h->stages; i++)
        h->heard[i] = session_activation_or_die(s, h->encode[i].length, h->encode[i].shape.out);
    h->said = session_activation_or_die(s, latents, 2 * width);
    h->mu = session_activation_or_die(s, latents, width);
    h->logvar = session_activation_or_die(s, latents, width);
    if (!training) return;
    for (int i = 0; i < h->stages; i++)
        h->dheard[i] = session_activation_or_die(s, h->heard[i].length, h->heard[i].channels);
    h->dsaid = session_activation_or_die(s, latents, 2 * width);
    h->dmu = session_activation_or_die(s, latents, width);
    h->dlogvar = session_activation_or_die(s, latents, width);
}

void hearing_make_or_die(struct hearing *h, struct parameters *p, int stages, bool training)
{
    struct session *s = p->session;
    h->session = s;
    h->stages = stages;
    h->frames = session_tensor_or_die(s, s->config->model.latent_seq_len << stages, 2 * s->keys.keys);
    make_stages(h, p);
    take_memory(h, s, training);
}

void hearing_forward(const struct ops *ops, struct hearing *h, struct tensor records, struct pass pass)
{
    ops->frames(h->frames, records, h->session->keys);
    for (int i = 0; i < h->stages; i++)
        conv_layer_forward(ops, &h->encode[i], h->heard[i], no_tensor(), i ? h->heard[i - 1] : h->frames,
                           no_tensor(), pass);
    conv_layer_forward(ops, &h->posterior, h->said, no_tensor(), h->heard[h->stages - 1], no_tensor(), pass);
    ops->split(h->mu, h->logvar, h->said);
}

void hearing_backward(const struct ops *ops, struct hearing *h, struct tensor dz, struct tensor epsilon,
                      real kl_weight, struct pass pass)
{
    int last = h->stages - 1;
    ops->reparameterise_backward(h->dmu, h->dlogvar, dz, h->mu, h->logvar, epsilon, kl_weight);
    ops->concat(h->dsaid, h->dmu, h->dlogvar);
    conv_layer_backward(ops, &h->posterior, h->dheard[last], no_tensor(), h->dsaid, no_tensor(),
                        h->heard[last], pass);
    for (int i = last; i >= 0; i--)
        conv_layer_backward(ops, &h->encode[i], i ? h->dheard[i - 1] : no_tensor(), no_tensor(), h->dheard[i],
                            no_tensor(), i ? h->heard[i - 1] : h->frames, pass);
}

void hearing_free(const struct ops *ops, struct hearing *h)
{
    ops->block_free(h->posterior.block);
    for (int i = 0; i < h->stages; i++) ops->block_free(h->encode[i].block);
}
