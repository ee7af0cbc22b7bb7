#include "kernels/model/sampling/variation.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/fail.h"
#include "common/memory.h"
#include "common/number.h"
#include "kernels/model/dataset.h"

struct variation {
    struct model *model;
    size_t side;
    struct dataset records; /* of --like */
    bool like;
    double amount;
    struct tensor heard; /* a batch of records */
    uint64_t steps;      /* of a walk: 0 … steps */
    real *from, *to;     /* (side): its ends, less the mean */
    real *mean;          /* (side) */
    real *z, *said;      /* (batch, side); said: mu, then logvar */
};

static struct variation *variation_new_or_die(struct model *m)
{
    const struct prior *prior = m->generator->prior;
    if (!prior)
        die("design: %s has no place for a record: --like, --from and --to need design: time",
            m->design->name);
    struct variation *v = allocate_or_die(1, sizeof *v);
    size_t batch = (size_t)m->session.batch;
    v->model = m;
    v->side = (size_t)prior->latents * (size_t)prior->channels;
    v->mean = allocate_or_die(v->side, sizeof v->mean[0]);
    v->z = allocate_or_die(batch * v->side, sizeof v->z[0]);
    v->said = allocate_or_die(2 * batch * v->side, sizeof v->said[0]);
    v->heard = session_tensor_or_die(&m->session, m->generator->output.length, 2);
    m->session.ops->download(v->mean, prior->mean.value, v->side);
    return v;
}

static struct dataset read_or_die(struct model *m, const char *path)
{
    struct reader *reader = reader_open_or_die(path);
    struct dataset d = dataset_read_or_die(reader, m->session.config);
    reader_close(reader);
    if (d.keys.keys != m->session.keys.keys || d.keys.frames != m->session.keys.frames)
        die("%s: records of %d keys and %d frames, the model's have %d and %d", path, d.keys.keys,
            d.keys.frames, m->session.keys.keys, m->session.keys.frames);
    dataset_place_or_die(&d, m->session.ops, m->session.batch, true);
    return d;
}

/* said: of the records from `first` on, in turn. */
static void hear(struct variation *v, const struct dataset *d, uint64_t first)
{
    struct model *m = v->model;
    size_t batch = (size_t)m->session.batch, *order = allocate_or_die(d->records, sizeof order[0]);
    for (size_t i = 0; i < d->records; i++) order[i] = (size_t)((first + i) % d->records);
    dataset_batch(d, v->heard, order, 0);
    m->design->posterior(m->generator, v->heard, v->said, v->said + batch * v->side);
    free(order);
}

struct variation *variation_like_or_die(struct model *m, const char *path, double amount)
{
    struct variation *v = variation_new_or_die(m);
    v->records = read_or_die(m, path);
    v->like = true;
    v->amount = amount;
    return v;
}

/* An end of a walk, less the mean. Caller frees. */
static real *place_or_die(struct variation *v, const char *text)
{
    struct model *m = v->model;
    real *place = allocate_or_die(v->side, sizeof place[0]);
    long long seed;
    if (parse_integer(text, &seed) && seed >= 0) {
        for (int i = 0; i < m->session.batch; i++)
            m->design->draw(m->generator, i, 1, (uint64_t)seed, (uint32_t)i);
        m->design->latents(m->generator, v->z);
        memcpy(place, v->z, v->side * sizeof place[0]);
    } else {
        struct dataset d = read_or_die(m, text);
        hear(v, &d, 0);
        memcpy(place, v->said, v->side * sizeof place[0]);
        dataset_free(&d);
    }
    for (size_t i = 0; i < v->side; i++) place[i] -= v->mean[i];
    return place;
}

struct variation *variation_interpolate_or_die(struct model *m, const char *from, const char *to,
                                               uint64_t count)
{
    struct variation *v = variation_new_or_die(m);
    v->steps = count > 1 ? count - 1 : 1;
    v->from = place_or_die(v, from);
    v->to = place_or_die(v, to);
    return v;
}

/* z = mean + cos a + sin b, an arc: two draws of the prior give one of the prior anywhere between. */
static void arc(const struct variation *v, real *z, const real *a, const real *b, double angle)
{
    double stays = cos(angle), comes = sin(angle);
    for (size_t i = 0; i < v->side; i++)
        z[i] = (real)((double)v->mean[i] + stays * (double)a[i] + comes * (double)b[i]);
}

/* What was heard is played in the middle way, which a share of the sample's own takes it from. */
static void articulate(const struct variation *v, int sample, double share)
{
    struct articulation *own = &v->model->generator->articulation[sample];
    *own = (struct articulation){(real)share * own->threshold, (real)share * own->smoothing};
}

/* z, which holds fresh draws, moves towards what was heard. */
static void move_like(struct variation *v, uint64_t first)
{
    size_t count = (size_t)v->model->session.batch * v->side;
    v->model->design->latents(v->model->generator, v->z);
    hear(v, &v->records, first);
    for (size_t i = 0; i < count; i++) {
        v->z[i] -= v->mean[i % v->side];
        v->said[i] -= v->mean[i % v->side];
    }
    for (int b = 0; b < v->model->session.batch; b++) articulate(v, b, v->amount);
    for (size_t b = 0; b < count; b += v->side) arc(v, v->z + b, v->said + b, v->z + b, M_PI / 2 * v->amount);
}

void variation_make(struct variation *v, uint64_t first, struct pass pass)
{
    struct model *m = v->model;
    if (v->like) move_like(v, first);
    for (int b = 0; b < m->session.batch && !v->like; b++) {
        articulate(v, b, 0);
        uint64_t step = first + (uint64_t)b < v->steps ? first + (uint64_t)b : v->steps;
        arc(v, v->z + (size_t)b * v->side, v->from, v->to, M_PI / 2 * (double)step / (double)v->steps);
    }
    m->design->decode(m->generator, v->z, pass);
}

void variation_free(struct variation *v)
{
    if (!v) return;
    if (v->like) dataset_free(&v->records);
    free(v->from);
    free(v->to);
    free(v->mean);
    free(v->z);
    free(v->said);
    free(v);
}
