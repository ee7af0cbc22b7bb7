/* Encodes the end of a song, finds its period, and draws latents that follow. */
#include "kernels/model/sampling/continuation.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/fail.h"
#include "common/memory.h"
#include "kernels/model/dataset.h"
#include "kernels/model/sampling/prior-sequence.h"
#include "kernels/model/sampling/song-end.h"
#include "kernels/model/sampling/song-period.h"

/* Latents at the song's end whose noise is not repeated: on one side the encoder hears what it mirrored. */
enum { MARGIN = 2 };

/* Chosen on training songs, with a prior of one Gaussian, so that the beat, the keys and how literally it
 * repeats are those of the songs' own next seconds. */
static const double SLOW = 0.53, /* amplitude of the slow part of what is new */
    NEWEST = 0.5;                /* share of the periods that repeat the song's last one, not any of them */

struct continuation {
    struct model *model;
    struct prior_sequence *sequence;
    struct song_end song;
    size_t channels, side, latent_frames;
    size_t shifts; /* how often the encoder hears the song: once for each frame of a latent, but beats once */
    size_t frames; /* of a record */
    size_t known;  /* latents that are the song's alone */
    double gain;   /* from the model's loudness to the song's */
    double period; /* of the song, in frames, or whole beats; 0: none */
    double *mean;  /* (channels): what the latents return to */
    double *latent; /* (latents of a record, channels): the song's, less the mean */
    double *noise;  /* (shifts, latents of a record, channels): the song's, begun so many frames
                     * earlier, less its mean */
    double *rest;   /* (channels): amplitude of the noise that makes up for the variance the song's lacks */
};

/* keys (keys, frames, 2): the song's last frames, less the last `earlier` ones. What lies before its
 * beginning is mirrored. */
static void take_window(const struct continuation *c, real *keys, size_t earlier)
{
    const struct song_end *song = &c->song;
    for (size_t k = 0; k < song->rows; k++)
        for (size_t t = 0; t < c->frames; t++) {
            size_t end = song->frames - c->frames + t,
                   from = end < earlier ? earlier - end - 1 : end - earlier;
            for (size_t i = 0; i < 2; i++)
                keys[(k * c->frames + t) * 2 + i] =
                    (real)song->loudness[(i * song->rows + k) * song->frames + from];
        }
}

static double energy(const real *keys, size_t count)
{
    double sum = 0;
    for (size_t i = 0; i < count; i++) sum += (double)keys[i] * (double)keys[i];
    return sum;
}

/* The gain: what the decoder makes of the batch's first latents, against the song's own loudness. */
static double gain_of(const struct continuation *c, const real *z, const real *keys)
{
    struct model *m = c->model;
    size_t count = 2 * c->song.rows * c->frames;
    real *made = allocate_or_die(tensor_count(m->generator->output), sizeof made[0]);
    for (int b = 0; b < m->session.batch; b++) m->generator->articulation[b] = (struct articulation){0};
    m->design->decode(m->generator, z, (struct pass){0});
    m->session.ops->download(made, m->generator->output.data, tensor_count(m->generator->output));
    double sum = energy(made, count), gain = sum > 0 ? sqrt(energy(keys, count) / sum) : 1;
    free(made);
    return gain;
}

/* mu (shifts rounded up to batches, side): the means of the posteriors of the song's last frames, less
 * the last 0, 1, 2 … Sets the gain. */
static void encode_or_die(struct continuation *c, real *mu, const char *path)
{
    struct model *m = c->model;
    size_t batch = (size_t)m->session.batch, count = 2 * c->song.rows * c->frames;
    struct tensor encoded = session_tensor_or_die(&m->session, m->generator->output.length, 2);
    real *keys = allocate_or_die(batch * count, sizeof keys[0]),
         *logvar = allocate_or_die(batch * c->side, sizeof *mu);
    for (size_t first = 0; first < c->shifts; first += batch) {
        real peak;
        for (size_t b = 0; b < batch; b++) {
            take_window(c, keys + b * count, (first + b) % c->shifts);
            bool sounds = dataset_normalise(m->session.config, keys + b * count, count, &peak);
            if (!sounds)
                die("%s: nothing sounds in the song's last %g s", path, (double)c->frames * c->song.interval);
        }
        m->session.ops->upload(encoded.data, keys, batch * count);
        m->design->posterior(m->generator, encoded, mu + first * c->side, logvar);
    }
    take_window(c, keys, 0);
    c->gain = gain_of(c, mu, keys);
    free(keys);
    free(logvar);
}

/* Sets mean and latent from mu (side), the song's last frames. */
static void centre(struct continuation *c, const real *mu)
{
    for (size_t i = 0; i < c->channels; i++) {
        double mean = 0;
        for (size_t t = 0; t < c->known; t++) mean += (double)mu[t * c->channels + i] / (double)c->known;
        c->mean[i] = mean;
    }
    for (size_t i = 0; i < c->side; i++) c->latent[i] = (double)mu[i] - c->mean[i % c->channels];
}

/* Sets noise and rest from mu, as of encode_or_die. */
static void whiten_song(struct continuation *c, const real *mu)
{
    size_t latents = c->side / c->channels, count = c->shifts * latents;
    double *x = allocate_or_die(c->side, sizeof x[0]);
    for (size_t n = 0; n < c->shifts; n++) {
        for (size_t i = 0; i < c->side; i++) x[i] = (double)mu[n * c->side + i] - c->mean[i % c->channels];
        prior_sequence_whiten(c->sequence, c->noise + n * c->side, x);
    }
    for (size_t i = 0; i < c->channels; i++) {
        double mean = 0, square = 0;
        for (size_t t = 0; t < count; t++) mean += c->noise[t * c->channels + i] / (double)count;
        for (size_t t = 0; t < count; t++) {
            double *value = &c->noise[t * c->channels + i];
            *value -= mean;
            square += *value * *value / (double)count;
        }
        c->rest[i] = sqrt(fmax(0, 1 - square));
    }
    free(x);
}

struct continuation *continuation_new_or_die(struct model *m, const char *path, char *facts)
{
    const struct prior *prior = m->generator->prior;
    if (!prior) die("design: %s does not encode records: --after needs design: time", m->design->name);
    struct continuation *c = allocate_or_die(1, sizeof *c);
    size_t latent_frames = (size_t)prior->latent_frames, batch = (size_t)m->session.batch;
    c->model = m;
    c->sequence = prior_sequence_new_or_die(prior);
    c->channels = (size_t)prior->channels;
    c->side = (size_t)prior->latents * c->channels;
    c->latent_frames = latent_frames;
    c->shifts = m->session.keys.beat ? 1 : latent_frames;
    c->frames = (size_t)m->session.keys.frames;
    c->known = c->frames / latent_frames;
    c->song = song_end_read_or_die(path, m->session.keys, facts, c->frames + c->shifts - 1);
    c->period = song_period(c->song.loudness, 2 * c->song.rows, c->song.frames, c->song.interval);
    if (m->session.keys.beat) c->period = round(c->period / m->session.keys.beat) * m->session.keys.beat;
    c->mean = allocate_or_die(c->channels, sizeof c->mean[0]);
    c->latent = allocate_or_die(c->side, sizeof c->latent[0]);
    c->noise = allocate_or_die(c->shifts * c->side, sizeof c->noise[0]);
    c->rest = allocate_or_die(c->channels, sizeof c->rest[0]);
    real *mu = allocate_or_die((c->shifts + batch) * c->side, sizeof mu[0]);
    encode_or_die(c, mu, path);
    centre(c, mu);
    whiten_song(c, mu);
    free(mu);
    return c;
}

void continuation_free(struct continuation *c)
{
    if (!c) return;
    prior_sequence_free(c->sequence);
    song_end_free(&c->song);
    free(c->mean);
    free(c->latent);
    free(c->noise);
    free(c->rest);
    free(c);
}

/* The song's noise (channels) that latent t repeats, which begins at frame t * latent_frames: that from whole
 * periods earlier. Which of the song's periods comes again is drawn for each anew. NULL: none does. */
static const double *repeated_noise(const struct continuation *c, size_t t, struct random_key key)
{
    double last = (double)c->frames - (double)((MARGIN + 1) * c->latent_frames);
    if (!(c->period > 0) || last < c->period) return NULL;
    double frame = (double)(t * c->latent_frames), back = ceil((frame - last) / c->period);
    uint32_t bits[4];
    random_block(key, 1 + (uint32_t)back, bits);
    if ((double)random_uniform(bits[0]) > NEWEST)
        back += (double)random_below(bits[1], (uint32_t)(last / c->period));
    size_t from = (size_t)fmax(0, round(frame - back * c->period));
    size_t latent = (from + c->latent_frames - 1) / c->latent_frames,
           earlier = latent * c->latent_frames - from;
    return c->noise + earlier * c->side + latent * c->channels;
}

/* looped, slow (drawn, channels): the white noise of what follows. */
static void fill_noise(const struct continuation *c, double *looped, double *slow, size_t drawn,
                       struct prior_sequence_noise noise)
{
    struct random_key key = random_key_make(noise.seed, PURPOSE_LOOP, noise.number);
    size_t record = c->side / c->channels;
    double *white = allocate_or_die(c->channels, sizeof white[0]);
    for (size_t t = 0; t < drawn; t++) {
        const double *repeated = repeated_noise(c, c->known + t, key);
        memset(white, 0, c->channels * sizeof white[0]);
        prior_sequence_add_white(c->sequence, white, 1, noise, NOISE_APERIODIC, record + t);
        prior_sequence_add_white(c->sequence, slow + t * c->channels, 1, noise, NOISE_SLOW, record + t);
        for (size_t i = 0; i < c->channels; i++)
            looped[t * c->channels + i] = repeated ? repeated[i] + c->rest[i] * white[i] : white[i];
    }
    free(white);
}

/* x (latents, channels): what follows the song, less the mean, from white noise (latents - known, channels);
 * with `song`, else as if nothing had been before. */
static void follow(const struct continuation *c, double *x, size_t drawn, bool song)
{
    size_t begun = c->known * c->channels, count = drawn * c->channels;
    double *all = allocate_or_die(begun + count, sizeof all[0]);
    if (song) memcpy(all, c->latent, begun * sizeof all[0]);
    memcpy(all + begun, x, count * sizeof all[0]);
    prior_sequence_continue(c->sequence, all, c->known, c->known + drawn);
    memcpy(x, all + begun, count * sizeof all[0]);
    free(all);
}

void continuation_draw(const struct continuation *c, real *z, size_t latents, uint64_t seed, uint32_t number)
{
    struct calibration calibration = prior_sequence_calibration(c->sequence);
    size_t channels = c->channels, begun = c->known * channels, following = latents - c->known;
    size_t drawn = following + prior_sequence_reach(c->sequence), count = drawn * channels;
    double *looped = allocate_or_die(3 * count, sizeof looped[0]), *slow = looped + count,
           *expected = slow + count;
    fill_noise(c, looped, slow, drawn, (struct prior_sequence_noise){NULL, seed, number});
    follow(c, looped, drawn, false);
    follow(c, slow, drawn, false);
    follow(c, expected, drawn, true);
    prior_sequence_mix(c->sequence, looped, slow, following, -1, calibration.slow_gain * SLOW);
    for (size_t i = 0; i < begun; i++) z[i] = (real)(c->mean[i % channels] + c->latent[i]);
    for (size_t i = 0; i < following * channels; i++)
        z[begun + i] = (real)(c->mean[i % channels] + expected[i] + calibration.temperature * looped[i]);
    free(looped);
}

double continuation_gain(const struct continuation *c)
{
    return c->gain;
}

const char *continuation_source(const struct continuation *c)
{
    return c->song.source;
}

double continuation_interval(const struct continuation *c)
{
    return c->song.interval;
}

double continuation_start(const struct continuation *c)
{
    return c->song.end;
}
