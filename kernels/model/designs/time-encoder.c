/* Makes, runs and differentiates the encoder of the design `time`. */
#include "kernels/model/designs/time-encoder.h"

#include <stdio.h>

struct block_shape time_encoder_stage(struct session *s, int in, int out, bool transposed)
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

int time_encoder_channels(const struct session *s, int stages, int level)
{
    int channels = s->config->model.n_channels;
    return level == stages - 1 && level > 0 ? channels * 3 / 4 : channels;
}

static void make_stages(struct time_encoder *encoder, struct parameters *p)
{
    struct session *s = p->session;
    int in = 2 * s->keys.keys, length = encoder->frames.length;
    char name[32];
    for (int i = 0; i < encoder->stages; i++) {
        int out = time_encoder_channels(s, encoder->stages, encoder->stages - 1 - i);
        snprintf(name, sizeof name, "encode%d", i + 1);
        conv_layer_make_or_die(&encoder->stage[i], p, name, time_encoder_stage(s, in, out, false), length);
        length = encoder->stage[i].length;
        in = out;
    }
    struct block_shape last = {
        .in = in, .out = 2 * s->config->model.latent_dim, .kernel = 3, .stride = 1, .padding = 1, .slope = 1};
    conv_layer_make_or_die(&encoder->posterior, p, "posterior", last, length);
}

static void take_memory(struct time_encoder *encoder, struct session *s, bool training)
{
    int latents = s->config->model.latent_seq_len, width = s->config->model.latent_dim;
    for (int i = 0; i < encoder->stages; i++)
        encoder->y[i] = session_activation_or_die(s, encoder->stage[i].length, encoder->stage[i].shape.out);
    encoder->mu_logvar = session_activation_or_die(s, latents, 2 * width);
    encoder->mu = session_activation_or_die(s, latents, width);
    encoder->logvar = session_activation_or_die(s, latents, width);
    if (!training) return;
    for (int i = 0; i < encoder->stages; i++)
        encoder->dy[i] = session_activation_or_die(s, encoder->y[i].length, encoder->y[i].channels);
    encoder->dmu_logvar = session_activation_or_die(s, latents, 2 * width);
    encoder->dmu = session_activation_or_die(s, latents, width);
    encoder->dlogvar = session_activation_or_die(s, latents, width);
}

void time_encoder_make_or_die(struct time_encoder *encoder, struct parameters *p, int stages, bool training)
{
    struct session *s = p->session;
    encoder->session = s;
    encoder->stages = stages;
    encoder->frames = session_tensor_or_die(s, s->config->model.latent_seq_len << stages, 2 * s->keys.keys);
    make_stages(encoder, p);
    take_memory(encoder, s, training);
}

void time_encoder_forward(const struct ops *ops, struct time_encoder *encoder, struct tensor records,
                          struct pass pass)
{
    ops->frames(encoder->frames, records, encoder->session->keys);
    for (int i = 0; i < encoder->stages; i++)
        conv_layer_forward(ops, &encoder->stage[i], encoder->y[i], no_tensor(),
                           i ? encoder->y[i - 1] : encoder->frames, no_tensor(), pass);
    conv_layer_forward(ops, &encoder->posterior, encoder->mu_logvar, no_tensor(),
                       encoder->y[encoder->stages - 1], no_tensor(), pass);
    ops->split(encoder->mu, encoder->logvar, encoder->mu_logvar);
}

void time_encoder_backward(const struct ops *ops, struct time_encoder *encoder, struct tensor dz,
                           struct tensor epsilon, real kl_weight, struct pass pass)
{
    int last = encoder->stages - 1;
    ops->reparameterise_backward(encoder->dmu, encoder->dlogvar, dz, encoder->mu, encoder->logvar, epsilon,
                                 kl_weight);
    ops->concat(encoder->dmu_logvar, encoder->dmu, encoder->dlogvar);
    conv_layer_backward(ops, &encoder->posterior, encoder->dy[last], no_tensor(), encoder->dmu_logvar,
                        no_tensor(), encoder->y[last], pass);
    for (int i = last; i >= 0; i--)
        conv_layer_backward(ops, &encoder->stage[i], i ? encoder->dy[i - 1] : no_tensor(), no_tensor(),
                            encoder->dy[i], no_tensor(), i ? encoder->y[i - 1] : encoder->frames, pass);
}

void time_encoder_free(const struct ops *ops, struct time_encoder *encoder)
{
    ops->block_free(encoder->posterior.block);
    for (int i = 0; i < encoder->stages; i++) ops->block_free(encoder->stage[i].block);
}
