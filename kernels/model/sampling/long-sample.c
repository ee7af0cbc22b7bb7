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
    uint64_t seed;
    size_t windows, length;     /* of a piece; frames of all its windows together */
    size_t hop, hop_frames;     /* in latents, in frames */
    size_t overlap, from, to;   /* frames; where in them the later window may begin to count */
    size_t latents, side, wide; /* of a piece; values of a record's latents, of one latent */
    real *z;                    /* (latents, channels): of piece `drawn` - 1 */
    uint64_t drawn;
    struct articulation articulation; /* of that piece, in all its windows */
    real *batch;                      /* (batch, side) */
    real *noise;                      /* a record's */
    real *keys;                       /* (keys, length, 2) */
};

static void plan_or_die(struct long_sample *p, const struct prior *prior, size_t record, size_t frames)
{
    size_t each = (size_t)prior->latent_frames;
    if (each >= record) die("latent_seq_len: a single latent has no neighbours: --seconds needs some");
    p->hop = (size_t)fmax(1, HOP * (double)record / (double)each);
    p->hop_frames = p->hop * each;
    p->overlap = record - p->hop_frames;
    p->from = p->overlap / 3;
    p->to = p->overlap - p->from;
    /* A window more as soon as it may have a say, so that the piece ends as a longer one goes on. */
    p->windows = 1 + (frames - p->from - 1) / p->hop_frames;
    p->length = (p->windows - 1) * p->hop_frames + record;
    p->latents = (p->windows - 1) * p->hop + (size_t)prior->latents;
}

struct long_sample *long_sample_new_or_die(struct model *m, uint64_t seed, size_t frames)
{
    const struct prior *prior = m->generator->prior;
    if (!prior) die("design: %s has no latents over time: --seconds needs design: time", m->design->name);
    struct keys_shape keys = m->session.keys;
    if (frames <= (size_t)keys.frames) return NULL;
    struct long_sample *p = allocate_or_die(1, sizeof *p);
    plan_or_die(p, prior, (size_t)keys.frames, frames);
    p->model = m;
    p->seed = seed;
    p->sequence = prior_sequence_new_or_die(prior);
    p->wide = (size_t)prior->channels;
    p->side = (size_t)prior->latents * p->wide;
    p->z = allocate_or_die(p->latents * p->wide, sizeof p->z[0]);
    p->batch = allocate_or_die((size_t)m->session.batch * p->side, sizeof p->batch[0]);
    p->noise = allocate_or_die(PRIOR_NOISES * p->side, sizeof p->noise[0]);
    p->keys = allocate_or_die((size_t)keys.keys * p->length * 2, sizeof p->keys[0]);
    return p;
}

void long_sample_free(struct long_sample *p)
{
    if (!p) return;
    prior_sequence_free(p->sequence);
    free(p->z);
    free(p->batch);
    free(p->noise);
    free(p->keys);
    free(p);
}

size_t long_sample_windows(const struct long_sample *p)
{
    return p->windows;
}

/* The place of the batch's first sample is where it is drawn. */
static void draw_piece(struct long_sample *p, uint64_t number)
{
    struct model *m = p->model;
    struct articulation *first = m->generator->articulation, placed = *first;
    if (p->drawn == number + 1) return;
    p->drawn = number + 1;
    m->design->draw(m->generator, 0, 1, p->seed, (uint32_t)number);
    p->articulation = *first;
    *first = placed;
    m->session.ops->download(p->noise, m->generator->noise.data, PRIOR_NOISES * p->side);
    prior_sequence_draw(p->sequence, p->z, p->latents,
                        (struct prior_sequence_noise){p->noise, p->seed, (uint32_t)number});
}

void long_sample_decode(struct long_sample *p, uint64_t first, struct pass pass)
{
    struct model *m = p->model;
    for (size_t b = 0; b < (size_t)m->session.batch; b++) {
        draw_piece(p, (first + b) / p->windows);
        m->generator->articulation[b] = p->articulation;
        const real *z = p->z + (first + b) % p->windows * p->hop * p->wide;
        memcpy(p->batch + b * p->side, z, p->side * sizeof z[0]);
    }
    m->design->decode(m->generator, p->batch, pass);
}

/* How far two windows are apart in a frame. */
static double apart(const real *a, const real *b, size_t t)
{
    return fabs((double)(a[2 * t] - b[2 * t])) + fabs((double)(a[2 * t + 1] - b[2 * t + 1]));
}

/* The frame of the overlap where a key passes from one window to the next: where they are nearest to one
 * another, there and the frame before, so that no note breaks off and none begins for the joint's sake. Where
 * that is so in several, as in silence, the one in the middle. */
static size_t seam(const struct long_sample *p, const real *earlier, const real *later)
{
    size_t best = p->overlap / 2, middle = best;
    double least = INFINITY;
    for (size_t i = 0; i <= p->to - p->from; i++) {
        size_t t = i % 2 ? middle - (i + 1) / 2 : middle + i / 2;
        if (t < 1 || t >= p->overlap) continue;
        double distance = apart(earlier, later, t - 1) + apart(earlier, later, t);
        if (distance < least) {
            least = distance;
            best = t;
        }
    }
    return best;
}

void long_sample_join(struct long_sample *p, uint64_t window, const real *keys)
{
    size_t number = (size_t)(window % p->windows), record = (size_t)p->model->session.keys.frames,
           row = 2 * record;
    for (size_t k = 0; k < (size_t)p->model->session.keys.keys; k++) {
        const real *later = keys + row * k;
        real *earlier = p->keys + (k * p->length + number * p->hop_frames) * 2;
        size_t from = number ? seam(p, earlier, later) : 0;
        memcpy(earlier + 2 * from, later + 2 * from, 2 * (record - from) * sizeof later[0]);
    }
}

const real *long_sample_joined(const struct long_sample *p, size_t *length)
{
    *length = p->length;
    return p->keys;
}
