/* What follows a song: begins with the latents that the encoder hears, repeats the song with its period, at
 * its loudness, the same for any length. */
#include "kernels/model/sampling/continuation.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/memory.h"
#include "kernels/model/config/config-load.h"
#include "kernels/model/dataset.h"
#include "kernels/model/sampling/long-sample.h"
#include "tests/device.h"
#include "tests/tap.h"

/* Latents of 4 frames of 0.1 s; the song's period is no multiple of 4 frames. */
enum {
    KEYS = 3,
    FRAMES = 40,
    SONG = 90,
    PERIOD = 14,
    LATENTS = 10,
    CHANNELS = 2,
    LONG = 4 * LATENTS,
    DRAWS = 400
};

static char configuration[] =
    "design: time\nbatch_size: 3\nmodel:\n  n_channels: 8\n  seq_len: 120\n  latent_seq_len: 10\n"
    "  latent_dim: 2\n  num_heads: 1\n";
static char facts[] = "interval=0.1 keys=27-29", path[] = "continuation-XXXXXX";

/* Three notes in a period, one of them on one side only. */
static float loudness(size_t channel, size_t key, size_t t, float gain)
{
    size_t phase = t % PERIOD;
    if (key == 0 && phase < 3) return gain;
    if (key == 1 && phase >= 5 && phase < 7) return gain / 2;
    return key == 2 && phase == 9 && channel == 0 ? gain : 0;
}

static void write_song(float gain)
{
    struct writer *writer = writer_open_or_die(path);
    struct record record = {0};
    float *values = record_shape_or_die(&record, 3, (size_t[]){2, KEYS, SONG});
    for (size_t i = 0; i < 2 * KEYS * SONG; i++)
        values[i] = loudness(i / SONG / KEYS, i / SONG % KEYS, i % SONG, gain);
    record_set_fact(&record, "kind", "keys");
    record_set_fact(&record, "source", "songs/clicks.mp3");
    record_set_fact(&record, "start", "7");
    record_set_fact(&record, "interval", "0.1");
    writer_put_or_die(writer, &record);
    writer_close_or_die(writer);
    record_free(&record);
}

/* Makes the prior as wide as the untrained encoder's latents: N(0, s^2), s their root mean square. */
static void set_prior(struct model *m, const real *mu)
{
    size_t side = LATENTS * CHANNELS;
    real factor[LATENTS * CHANNELS * (LATENTS * CHANNELS + 1) / 2] = {0};
    double square = 0;
    for (size_t i = 0; i < side; i++) square += (double)mu[i] * (double)mu[i] / (double)side;
    for (size_t i = 0; i < side; i++) factor[prior_row(i) + i] = (real)(sqrt(square) - 1);
    m->session.ops->upload(m->generator->prior->factor.value, factor, prior_row(side));
}

static struct continuation *continuation_of(struct model *m, float gain)
{
    write_song(gain);
    return continuation_new_or_die(m, path, facts);
}

/* The means of the posteriors of the song's last frames (LATENTS, CHANNELS). */
static void encode_end(struct model *m, real *mu)
{
    size_t count = tensor_count(m->generator->output), batch = (size_t)m->session.batch;
    struct tensor records = session_tensor_or_die(&m->session, KEYS * FRAMES, 2);
    real *keys = allocate_or_die(count, sizeof *keys),
         *all = allocate_or_die(2 * batch * LATENTS * CHANNELS, sizeof *all);
    for (size_t i = 0; i < count; i++)
        keys[i] = (real)loudness(i % 2, i / 2 / FRAMES % KEYS, SONG - FRAMES + i / 2 % FRAMES, 1);
    m->session.ops->upload(records.data, keys, count);
    m->design->posterior(m->generator, records, all, all + batch * LATENTS * CHANNELS);
    memcpy(mu, all, LATENTS * CHANNELS * sizeof *mu);
    free(keys);
    free(all);
}

static void test_latents(const struct continuation *c, const real *mu)
{
    real z[LONG * CHANNELS], shorter[LONG * CHANNELS], other[LONG * CHANNELS];
    double worst = 0;
    continuation_draw(c, z, LONG, 1, 5);
    for (size_t i = 0; i < LATENTS * CHANNELS; i++) worst = fmax(worst, fabs((double)(z[i] - mu[i])));
    ok(worst < 1e-5, "it begins with what the encoder hears of the song's last frames (%.1e)", worst);
    continuation_draw(c, shorter, LATENTS + 7, 1, 5);
    ok(memcmp(z, shorter, (LATENTS + 7) * CHANNELS * sizeof z[0]) == 0,
       "the first latents are the same for any number");
    continuation_draw(c, other, LONG, 1, 6);
    bool begun = memcmp(z, other, LATENTS * CHANNELS * sizeof z[0]) == 0,
         follows = memcmp(z, other, sizeof z) != 0;
    ok(begun && follows, "another number goes on otherwise");
    continuation_draw(c, other, LONG, 2, 5);
    ok(memcmp(z, other, sizeof z) != 0, "so does another seed");
}

/* The mean over many numbers is what the song's noise says: with a white prior, its latents less a mean.
 */
static void test_period(const struct continuation *c)
{
    real z[LONG * CHANNELS];
    double mean[LONG * CHANNELS] = {0}, product = 0, square[2] = {0}, off = 0;
    for (uint32_t n = 0; n < DRAWS; n++) {
        continuation_draw(c, z, LONG, 1, n);
        for (size_t i = 0; i < LONG * CHANNELS; i++) mean[i] += (double)z[i] / DRAWS;
    }
    /* Seven latents are two periods. */
    for (size_t channel = 0; channel < CHANNELS; channel++) {
        double centre = 0;
        for (size_t t = LATENTS; t < LATENTS + 21; t++) centre += mean[t * CHANNELS + channel] / 21;
        for (size_t t = LATENTS; t < LATENTS + 14; t++) {
            double x = mean[t * CHANNELS + channel] - centre, y = mean[(t + 7) * CHANNELS + channel] - centre;
            product += x * y, square[0] += x * x, square[1] += y * y;
            off += x * (mean[(t + 5) * CHANNELS + channel] - centre);
        }
    }
    double same = product / sqrt(square[0] * square[1]);
    ok(same > 0.9, "the song's period goes on, though it is no whole number of latents (%.2f)", same);
    ok(off / sqrt(square[0] * square[1]) < 0.7, "and no other (%.2f)", off / sqrt(square[0] * square[1]));
}

static void test_facts(struct model *m, const struct continuation *c)
{
    ok(strcmp(continuation_source(c), "songs/clicks.mp3") == 0 && fabs(continuation_start(c) - 16) < 1e-9,
       "it follows the song, where that ends");
    struct continuation *louder = continuation_of(m, 0.5f);
    double ratio = continuation_gain(louder) / continuation_gain(c);
    ok(fabs(ratio - 10) < 0.01, "a song ten times as loud goes on ten times as loud (%.3f)", ratio);
    continuation_free(louder);
}

/* made (output of the decoder): from the latents mu for each sample of the batch. */
static void reconstruct(struct model *m, real *made, const real *mu)
{
    size_t batch = (size_t)m->session.batch, side = LATENTS * CHANNELS;
    real *z = allocate_or_die(batch * side, sizeof *z);
    for (size_t i = 0; i < batch * side; i++) z[i] = mu[i % side];
    for (size_t b = 0; b < batch; b++) m->generator->articulation[b] = (struct articulation){0};
    m->design->decode(m->generator, z, (struct pass){0});
    m->session.ops->download(made, m->generator->output.data, tensor_count(m->generator->output));
    free(z);
}

/* Up to the seam of the second window, what is joined is what the decoder makes of the song's latents; what
 * follows the song is not cut off from that. */
static void test_joint(struct model *m, struct continuation *c, const real *mu)
{
    struct long_sample *s = long_sample_after_or_die(m, 1, 25, c);
    size_t count = tensor_count(m->generator->output), batch = (size_t)m->session.batch, each = count / batch;
    real *keys = allocate_or_die(2 * count, sizeof *keys), *made = keys + count;
    for (uint64_t window = 0; window < long_sample_windows(s); window++) {
        if (window % batch == 0) long_sample_decode(s, window, (struct pass){0});
        if (window % batch == 0) m->session.ops->download(keys, m->generator->output.data, count);
        long_sample_join(s, window, keys + window % batch * each);
    }
    struct joined joined = long_sample_joined(s);
    ok(joined.first == FRAMES && joined.length >= FRAMES + 25 && joined.gain == continuation_gain(c),
       "a long sample leaves the song's frames out");
    reconstruct(m, made, mu);
    bool same = true, sounds = false;
    for (size_t k = 0; k < KEYS; k++)
        for (size_t i = 0; i < 2 * 32; i++) {
            same = same && joined.keys[2 * k * joined.length + i] == made[2 * k * FRAMES + i];
            sounds = sounds || made[2 * k * FRAMES + i] > 0;
        }
    ok(same && sounds, "which are the song as the model makes it");
    free(keys);
    long_sample_free(s);
}

int main(void)
{
    struct config *config =
        config_parse_or_die("test", (const uint8_t *)configuration, sizeof configuration - 1);
    struct model *m = model_new_or_die(ops_under_test(), config,
                                       (struct keys_shape){.keys = KEYS, .frames = FRAMES}, 3, false);
    model_initialise(m, 1);
    close(mkstemp(path));
    real mu[LATENTS * CHANNELS];
    encode_end(m, mu);
    set_prior(m, mu);
    struct continuation *c = continuation_of(m, 0.05f);
    test_latents(c, mu);
    test_period(c);
    test_facts(m, c);
    test_joint(m, c, mu);
    unlink(path);
    model_free(m);
    config_free(config);
    return done();
}
