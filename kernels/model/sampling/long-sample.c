/* Samples longer than a record: overlapping windows of latents are decoded, and joined where two windows
 * agree. */
#include "kernels/model/sampling/long-sample.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/fail.h"
#include "common/memory.h"
#include "kernels/model/sampling/prior-sequence.h"

static const double HOP = 0.75; /* from one window to the next, in records */

struct long_sample {
    struct model *model;
    struct prior_sequence *sequence;
    struct continuation *after; /* of a song, whose last frames the sample begins with; or NULL */
    uint64_t seed;
    size_t windows, length;           /* of a sample; frames of all its windows together */
    size_t hop, hop_frames;           /* from one window to the next, in latents and in frames */
    size_t overlap;                   /* frames that two windows share */
    size_t first_seam, last_seam;     /* where in the overlap the later window may take over */
    size_t latents;                   /* of a sample */
    size_t channels, side;            /* values of a latent, of the latents of a window */
    uint64_t drawn;                   /* 1 + the number of the sample that z belongs to; 0: none */
    real *z;                          /* (latents, channels) */
    struct articulation articulation; /* of the sample, in its first window */
    device noise;                     /* (PRIOR_NOISES * side): white noise of the sample */
    real *host_noise;                 /* the same */
    real *batch;                      /* (batch, side): the windows' latents */
    real *keys;                       /* (keys, length, 2): joined */
};

static void plan_or_die(struct long_sample *s, const struct prior *prior, size_t record, size_t frames)
{
    size_t latent_frames = (size_t)prior->latent_frames;
    if (latent_frames >= record)
        die("latent_seq_len: a single latent has no neighbours: --seconds needs some");
    s->hop = (size_t)fmax(1, HOP * (double)record / (double)latent_frames);
    s->hop_frames = s->hop * latent_frames;
    s->overlap = record - s->hop_frames;
    s->first_seam = s->overlap / 3;
    s->last_seam = s->overlap - s->first_seam;
    /* One window more as soon as it may take over, so that a sample ends as a longer one goes on. */
    s->windows = 1 + (frames - s->first_seam - 1) / s->hop_frames;
    s->length = (s->windows - 1) * s->hop_frames + record;
    s->latents = (s->windows - 1) * s->hop + (size_t)prior->latents;
}

/* For samples of so many frames, more than a record has. */
static struct long_sample *make_or_die(struct model *m, uint64_t seed, size_t frames)
{
    const struct prior *prior = m->generator->prior;
    struct keys_shape keys = m->session.keys;
    struct long_sample *s = allocate_or_die(1, sizeof *s);
    plan_or_die(s, prior, (size_t)keys.frames, frames);
    s->model = m;
    s->seed = seed;
    s->sequence = prior_sequence_new_or_die(prior);
    s->channels = (size_t)prior->channels;
    s->side = (size_t)prior->latents * s->channels;
    s->z = allocate_or_die(s->latents * s->channels, sizeof s->z[0]);
    s->batch = allocate_or_die((size_t)m->session.batch * s->side, sizeof s->batch[0]);
    s->noise = session_memory_or_die(&m->session, PRIOR_NOISES * s->side);
    s->host_noise = allocate_or_die(PRIOR_NOISES * s->side, sizeof s->host_noise[0]);
    s->keys = allocate_or_die((size_t)keys.keys * s->length * 2, sizeof s->keys[0]);
    return s;
}

struct long_sample *long_sample_new_or_die(struct model *m, uint64_t seed, size_t frames)
{
    if (!m->generator->prior)
        die("design: %s has no latents over time: --seconds needs design: time", m->design->name);
    return frames > (size_t)m->session.keys.frames ? make_or_die(m, seed, frames) : NULL;
}

struct long_sample *long_sample_after_or_die(struct model *m, uint64_t seed, size_t frames,
                                             struct continuation *after)
{
    struct long_sample *s = make_or_die(m, seed, (size_t)m->session.keys.frames + frames);
    s->after = after;
    return s;
}

void long_sample_free(struct long_sample *s)
{
    if (!s) return;
    continuation_free(s->after);
    prior_sequence_free(s->sequence);
    free(s->z);
    free(s->batch);
    free(s->host_noise);
    free(s->keys);
    free(s);
}

size_t long_sample_windows(const struct long_sample *s)
{
    return s->windows;
}

/* The latents of sample `number`: its first record begins with the noise that a short sample of this number
 * has. */
static void draw_latents(struct long_sample *s, uint64_t number)
{
    if (s->drawn == number + 1) return;
    s->drawn = number + 1;
    s->articulation = prior_articulation(sample_key_make(s->seed, (uint32_t)number, 0));
    if (s->after) {
        s->articulation.threshold = 0;
        continuation_draw(s->after, s->z, s->latents, s->seed, (uint32_t)number);
        return;
    }
    prior_white_noise(s->model->generator->prior, s->noise, 1, s->seed, (uint32_t)number);
    s->model->session.ops->download(s->host_noise, s->noise, PRIOR_NOISES * s->side);
    prior_sequence_draw(s->sequence, s->z, s->latents,
                        (struct prior_sequence_noise){s->host_noise, s->seed, (uint32_t)number});
    s->articulation.interval = prior_sequence_interval(s->sequence, s->seed, (uint32_t)number);
}

void long_sample_decode(struct long_sample *s, uint64_t first, struct pass pass)
{
    struct model *m = s->model;
    for (size_t b = 0; b < (size_t)m->session.batch; b++) {
        draw_latents(s, (first + b) / s->windows);
        size_t window = (first + b) % s->windows;
        m->generator->articulation[b] = s->articulation;
        m->generator->articulation[b].begin = window * s->hop_frames;
        const real *z = s->z + window * s->hop * s->channels;
        memcpy(s->batch + b * s->side, z, s->side * sizeof z[0]);
    }
    m->design->decode(m->generator, s->batch, pass);
}

/* The distance of two windows of one key in frame t: the sum over both channels of |a - b|. */
static double distance(const real *a, const real *b, size_t t)
{
    return fabs((double)(a[2 * t] - b[2 * t])) + fabs((double)(a[2 * t + 1] - b[2 * t + 1]));
}

/* The frame of the overlap from which on the later window has the key: where the windows' distance in this
 * frame and the one before is least, so that the joint neither breaks off a note nor starts one. Of equal
 * frames, as in silence, the one nearest to the middle. */
static size_t best_seam(const struct long_sample *s, const real *earlier, const real *later)
{
    size_t best = s->overlap / 2, middle = best;
    double least = INFINITY;
    for (size_t i = 0; i <= s->last_seam - s->first_seam; i++) {
        size_t t = i % 2 ? middle - (i + 1) / 2 : middle + i / 2;
        if (t < 1 || t >= s->overlap) continue;
        double sum = distance(earlier, later, t - 1) + distance(earlier, later, t);
        if (sum < least) {
            least = sum;
            best = t;
        }
    }
    return best;
}

void long_sample_join(struct long_sample *s, uint64_t window, const real *keys)
{
    size_t number = (size_t)(window % s->windows), record = (size_t)s->model->session.keys.frames;
    for (size_t k = 0; k < (size_t)s->model->session.keys.keys; k++) {
        const real *later = keys + 2 * record * k;
        real *earlier = s->keys + (k * s->length + number * s->hop_frames) * 2;
        size_t seam = number ? best_seam(s, earlier, later) : 0;
        memcpy(earlier + 2 * seam, later + 2 * seam, 2 * (record - seam) * sizeof later[0]);
    }
}

struct joined long_sample_joined(const struct long_sample *s)
{
    return (struct joined){.keys = s->keys,
                           .length = s->length,
                           .first = s->after ? (size_t)s->model->session.keys.frames : 0,
                           .gain = s->after ? continuation_gain(s->after) : 1};
}
