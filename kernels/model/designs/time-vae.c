/* The design `time`: a variational autoencoder (Kingma and Welling 2014) of real records, with latents that
 * run over time and piano keys as channels.
 *
 *   frames of a real record, then mirrored     [S 2^n, 2K]
 *   encode1 … n, each halving the length       [S, C]
 *   posterior: mu, logvar; z                   [S, E]
 *   to_decoder, + positions, transformer       [S, C]
 *   decode1 … n, each doubling the length      [S 2^n, 3K]
 *   gates and loudnesses as keys               [K T, 2]
 *
 * In training it reconstructs the batch's real records, with soft gates. A sample begins with white noise,
 * which the fitted prior turns into latents, and is articulated: its gates are open or closed. K keys, T
 * frames, S latents of E channels; n is the least number with S 2^n >= T. */
#include <stdio.h>
#include <stdlib.h>

#include "common/fail.h"
#include "common/memory.h"
#include "kernels/model/design.h"
#include "kernels/model/designs/time-encoder.h"
#include "kernels/model/transformer.h"

struct time_vae {
    struct generator base;
    int stages; /* n */
    struct time_encoder encoder;
    struct linear_layer to_decoder;
    struct transformer transformer;
    struct conv_layer decode[STAGES_MOST];
    struct prior prior;
    struct sample_key *sample_keys; /* (batch): of the noise that was drawn */
    real *host_logits, *host_keys;  /* (batch, S 2^n, 3K), (batch, K T, 2) */

    struct tensor epsilon, z; /* (batch, S, E); z = mu + exp(logvar / 2) epsilon, or a draw of the prior */
    struct tensor staged;     /* (batch, S, E) of reals: latents on their way from or to the host */
    struct tensor projected;  /* (batch, S, C): to_decoder's output, + positions */
    struct tensor positions;  /* (batch, S, C), or no data */
    struct tensor context;    /* (batch, S, C): the transformer's output, which owns it */
    struct tensor y[STAGES_MOST]; /* the decoder's stages; the last one, 3K wide, is logits of the
                                   * gates, the onsets, then the loudnesses */
    struct tensor dz, dprojected, dcontext, dy[STAGES_MOST];
};

static struct time_vae *self_of(struct generator *base)
{
    return (struct time_vae *)base;
}

static void make_decoder(struct time_vae *g, struct parameters *p)
{
    struct session *s = p->session;
    int channels = s->config->model.n_channels, length = s->config->model.latent_seq_len, in = channels;
    char name[32];
    linear_layer_make(&g->to_decoder, p, "latent_to_decoder", s->config->model.latent_dim, channels, false);
    transformer_make_or_die(&g->transformer, p, "transformer",
                            (struct transformer_shape){.layers = s->config->model.num_layers,
                                                       .heads = s->config->model.num_heads,
                                                       .width = channels,
                                                       .feed_forward = 2 * channels,
                                                       .length = length,
                                                       .dropout = s->config->model.dropout});
    for (int i = 0; i < g->stages; i++) {
        bool last = i == g->stages - 1;
        int out = last ? 3 * s->keys.keys : time_encoder_channels(s, g->stages, i + 1);
        struct block_shape shape = time_encoder_stage(s, in, out, true);
        if (last) shape.slope = 1, shape.norm = shape.bf16 = false, shape.dropout = (struct dropout){0};
        snprintf(name, sizeof name, "decode%d", i + 1);
        conv_layer_make_or_die(&g->decode[i], p, name, shape, length);
        length = g->decode[i].length;
        in = out;
    }
}

static void take_activations(struct time_vae *g, struct session *s)
{
    int latents = s->config->model.latent_seq_len, width = s->config->model.latent_dim, last = g->stages - 1;
    int channels = s->config->model.n_channels;
    g->base.noise = session_tensor_or_die(s, PRIOR_NOISES * latents, width);
    g->base.output = session_tensor_or_die(s, s->keys.keys * s->keys.frames, 2);
    for (int i = 0; i < last; i++)
        g->y[i] = session_activation_or_die(s, g->decode[i].length, g->decode[i].shape.out);
    g->y[last] = session_tensor_or_die(s, g->decode[last].length, g->decode[last].shape.out);
    g->z = session_activation_or_die(s, latents, width);
    g->epsilon = session_tensor_or_die(s, latents, width);
    g->staged = session_tensor_or_die(s, latents, width);
    g->projected = session_activation_or_die(s, latents, channels);
    g->sample_keys = allocate_or_die((size_t)s->batch, sizeof g->sample_keys[0]);
    g->base.articulation = allocate_or_die((size_t)s->batch, sizeof g->base.articulation[0]);
    g->base.logits = g->y[last];
    g->host_logits = allocate_or_die(tensor_count(g->base.logits), sizeof g->host_logits[0]);
    g->host_keys = allocate_or_die(tensor_count(g->base.output), sizeof g->host_keys[0]);
}

static void take_gradients(struct time_vae *g, struct session *s)
{
    int latents = s->config->model.latent_seq_len, width = s->config->model.latent_dim, last = g->stages - 1;
    int channels = s->config->model.n_channels;
    for (int i = 0; i < last; i++) g->dy[i] = session_activation_or_die(s, g->y[i].length, g->y[i].channels);
    g->dy[last] = session_tensor_or_die(s, g->y[last].length, g->y[last].channels);
    g->dz = session_activation_or_die(s, latents, width);
    g->dprojected = session_activation_or_die(s, latents, channels);
    g->dcontext = session_activation_or_die(s, latents, channels);
}

/* The table of positions once for each sample of the batch, as the operation `add` wants it. */
static void set_positions(struct time_vae *g, struct session *s)
{
    int latents = s->config->model.latent_seq_len, channels = s->config->model.n_channels;
    if (s->config->model.position != POSITION_SINUSOIDAL) return;
    size_t count = (size_t)latents * (size_t)channels;
    real *table = allocate_or_die(count, sizeof table[0]);
    sinusoidal_positions(table, latents, channels);
    g->positions = session_tensor_or_die(s, latents, channels);
    for (int b = 0; b < s->batch; b++)
        s->ops->upload(s->ops->at(g->positions.data, (size_t)b * count), table, count);
    free(table);
}

static int stages_or_die(const struct session *s)
{
    int latents = s->config->model.latent_seq_len, frames = s->keys.frames, stages = 0;
    for (int64_t length = latents; length < frames; length *= 2) stages++;
    if (!stages || stages > STAGES_MOST)
        die("latent_seq_len: %d latents for %d frames: from 2 to 2^%d frames share one", latents, frames,
            STAGES_MOST);
    return stages;
}

static struct generator *make_or_die(struct session *s, struct parameters *p, bool training)
{
    struct time_vae *g = allocate_or_die(1, sizeof *g);
    g->base.session = s;
    g->base.prior = &g->prior;
    g->stages = stages_or_die(s);
    time_encoder_make_or_die(&g->encoder, p, g->stages, training);
    make_decoder(g, p);
    prior_make_or_die(&g->prior, p, s->config->model.latent_seq_len, s->config->model.latent_dim,
                      1 << g->stages);
    take_activations(g, s);
    set_positions(g, s);
    if (training) take_gradients(g, s);
    return &g->base;
}

static void draw(struct generator *base, int first, int count, uint64_t seed, uint32_t number)
{
    struct time_vae *g = self_of(base);
    const struct ops *ops = base->session->ops;
    size_t each = tensor_count(g->epsilon) / (size_t)g->epsilon.batch;
    prior_white_noise(&g->prior, ops->at(base->noise.data, (size_t)first * PRIOR_NOISES * each), count, seed,
                      number);
    ops->normal(ops->at(g->epsilon.data, (size_t)first * each), (size_t)count * each, 1,
                random_key_make(seed, PURPOSE_EPSILON, number));
    for (int i = 0; i < count; i++) {
        g->sample_keys[first + i] = sample_key_make(seed, number, (uint32_t)i);
        base->articulation[first + i] = prior_articulation(g->sample_keys[first + i]);
    }
}

/* output, from the logits, as they are played. */
static void play_or_die(const struct ops *ops, struct time_vae *g)
{
    struct keys_shape keys = g->base.session->keys;
    struct calibration calibration = prior_calibration(&g->prior);
    size_t each = tensor_count(g->base.logits) / (size_t)g->z.batch,
           cells = 2 * (size_t)keys.keys * (size_t)keys.frames;
    struct note_statistics *statistics = prior_notes(&g->prior);
    ops->download(g->host_logits, g->base.logits.data, tensor_count(g->base.logits));
#pragma omp parallel for schedule(static)
    for (size_t b = 0; b < (size_t)g->z.batch; b++) {
        struct articulation own = g->base.articulation[b];
        articulate_or_die(g->host_keys + b * cells, g->host_logits + b * each,
                          (size_t)g->base.logits.channels, keys, prior_gating(&calibration, own), statistics,
                          own);
    }
    free(statistics);
    ops->upload(g->base.output.data, g->host_keys, tensor_count(g->base.output));
}

static void decode(const struct ops *ops, struct time_vae *g, struct pass pass)
{
    linear_layer_forward(ops, &g->to_decoder, g->projected, g->z);
    if (g->positions.data) ops->add(g->projected, g->positions);
    g->context = transformer_forward(ops, &g->transformer, g->projected, pass);
    for (int i = 0; i < g->stages; i++)
        conv_layer_forward(ops, &g->decode[i], g->y[i], no_tensor(), i ? g->y[i - 1] : g->context,
                           no_tensor(), pass);
}

static void latents(struct generator *base, real *z)
{
    struct time_vae *g = self_of(base);
    size_t count = tensor_count(base->noise);
    real *noise = allocate_or_die(count, sizeof noise[0]);
    base->session->ops->download(noise, base->noise.data, count);
    prior_draw(&g->prior, z, base->articulation, noise, g->sample_keys, g->z.batch);
    free(noise);
}

static void decode_latents(struct generator *base, const real *z, struct pass pass)
{
    struct time_vae *g = self_of(base);
    const struct ops *ops = base->session->ops;
    ops->upload(g->staged.data, z, tensor_count(g->staged));
    ops->copy(g->z, g->staged);
    decode(ops, g, pass);
    play_or_die(ops, g);
}

static void forward(struct generator *base, struct tensor records, bool whole, struct pass pass)
{
    struct time_vae *g = self_of(base);
    const struct ops *ops = base->session->ops;
    time_encoder_forward(ops, &g->encoder, records, pass);
    ops->reparameterise(g->z, g->encoder.mu, g->encoder.logvar, g->epsilon, NULL);
    decode(ops, g, pass);
    if (whole) ops->gated(base->output, base->logits, base->session->keys);
}

static void sample(struct generator *base, struct pass pass)
{
    real *z = allocate_or_die(tensor_count(self_of(base)->z), sizeof z[0]);
    latents(base, z);
    decode_latents(base, z, pass);
    free(z);
}

static void decode_backward(const struct ops *ops, struct time_vae *g, struct loss_sums *losses,
                            struct tensor doutput, struct tensor records, struct pass pass)
{
    const struct config *config = g->base.session->config;
    struct keys_shape keys = g->base.session->keys;
    real weights[GATE_LOSSES];
    gate_weights(config, config->accumulation_steps, weights);
    struct tensor logits = g->base.logits, dlogits = g->dy[g->stages - 1];
    if (doutput.data)
        ops->gated_backward(dlogits, doutput, logits, keys);
    else
        ops->zero(dlogits.data, tensor_count(dlogits));
    ops->gate_losses(loss_add(losses, ops, LOSS_GATES, GATE_LOSSES), dlogits, logits, records, keys, weights);
    for (int i = g->stages - 1; i >= 0; i--)
        conv_layer_backward(ops, &g->decode[i], i ? g->dy[i - 1] : g->dcontext, no_tensor(), g->dy[i],
                            no_tensor(), i ? g->y[i - 1] : g->context, pass);
    transformer_backward(ops, &g->transformer, g->dprojected, g->dcontext, g->projected, pass);
    linear_layer_backward(ops, &g->to_decoder, g->dz, g->dprojected, g->projected, g->z, false);
}

static void backward(struct generator *base, struct loss_sums *losses, struct tensor doutput,
                     struct tensor records, real kl_weight, struct pass pass)
{
    struct time_vae *g = self_of(base);
    decode_backward(base->session->ops, g, losses, doutput, records, pass);
    time_encoder_backward(base->session->ops, &g->encoder, g->dz, g->epsilon, kl_weight, pass);
}

static void kl(struct generator *base, device value)
{
    base->session->ops->kl(value, self_of(base)->encoder.mu, self_of(base)->encoder.logvar);
}

static void posterior(struct generator *base, struct tensor records, real *mu, real *logvar)
{
    struct time_vae *g = self_of(base);
    const struct ops *ops = base->session->ops;
    size_t count = tensor_count(g->staged);
    time_encoder_forward(ops, &g->encoder, records, (struct pass){0});
    ops->copy(g->staged, g->encoder.mu);
    ops->download(mu, g->staged.data, count);
    ops->copy(g->staged, g->encoder.logvar);
    ops->download(logvar, g->staged.data, count);
}

static void free_time(struct generator *base)
{
    struct time_vae *g = self_of(base);
    time_encoder_free(base->session->ops, &g->encoder);
    for (int i = 0; i < g->stages; i++) base->session->ops->block_free(g->decode[i].block);
    transformer_free(base->session->ops, &g->transformer);
    free(g->sample_keys);
    free(g->host_logits);
    free(g->host_keys);
    free(g->base.articulation);
    free(g);
}

const struct design design_time = {.name = "time",
                                   .losses = LOSSES,
                                   .fixed_batch = true,
                                   .make_or_die = make_or_die,
                                   .free = free_time,
                                   .draw = draw,
                                   .forward = forward,
                                   .sample = sample,
                                   .backward = backward,
                                   .kl = kl,
                                   .posterior = posterior,
                                   .latents = latents,
                                   .decode = decode_latents};
