/* Varies records and interpolates between two ends, in the space of latents. */
#include "kernels/model/sampling/variation.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/fail.h"
#include "common/memory.h"
#include "common/number.h"
#include "kernels/model/dataset.h"

/* Of an interpolation. */
struct end {
    real *z;         /* (side): latents, less the mean */
    double interval; /* length of a frame, s */
};

struct variation {
    struct model *model;
    size_t side;            /* values of a record's latents */
    real *mean;             /* (side): of the prior */
    real *z;                /* (batch, side) */
    real *posterior;        /* (2, batch, side): mu, logvar of a batch of records */
    struct tensor encoded;  /* that batch of records */
    bool like;              /* vary records, else interpolate */
    struct dataset records; /* to vary */
    double amount;
    uint64_t steps;                   /* of the interpolation */
    struct end from, to;              /* its ends */
    struct articulation articulation; /* of all its steps */
};

static struct variation *variation_new_or_die(struct model *m)
{
    const struct prior *prior = m->generator->prior;
    if (!prior)
        die("design: %s does not encode records: --like, --from and --to need design: time", m->design->name);
    struct variation *v = allocate_or_die(1, sizeof *v);
    size_t batch = (size_t)m->session.batch;
    v->model = m;
    v->side = (size_t)prior->latents * (size_t)prior->channels;
    v->mean = allocate_or_die(v->side, sizeof v->mean[0]);
    v->z = allocate_or_die(batch * v->side, sizeof v->z[0]);
    v->posterior = allocate_or_die(2 * batch * v->side, sizeof v->posterior[0]);
    v->encoded = session_tensor_or_die(&m->session, m->generator->output.length, 2);
    m->session.ops->download(v->mean, prior->mean.value, v->side);
    return v;
}

static struct dataset read_or_die(struct model *m, const char *path, char *facts)
{
    struct reader *reader = reader_open_or_die(path);
    struct dataset d = dataset_cut_or_die(reader, m->session.config, m->session.keys, facts);
    reader_close(reader);
    if (d.silent) warn("%s: %zu silent stretches of %d frames left out", path, d.silent, d.keys.frames);
    dataset_place_or_die(&d, m->session.ops, m->session.batch, true);
    return d;
}

/* Fills `posterior`: a batch of records from number `first` on, and from the beginning again. */
static void encode_records(struct variation *v, const struct dataset *d, uint64_t first)
{
    struct model *m = v->model;
    size_t batch = (size_t)m->session.batch, *order = allocate_or_die(d->records, sizeof order[0]);
    for (size_t i = 0; i < d->records; i++) order[i] = (size_t)((first + i) % d->records);
    dataset_batch(d, v->encoded, order, 0);
    m->design->posterior(m->generator, v->encoded, v->posterior, v->posterior + batch * v->side);
    free(order);
}

struct variation *variation_like_or_die(struct model *m, const char *path, double amount, char *facts)
{
    struct variation *v = variation_new_or_die(m);
    v->records = read_or_die(m, path, facts);
    v->like = true;
    v->amount = amount;
    return v;
}

/* z (side): the latents of a seed's first sample. */
static void latents_of_seed(struct variation *v, real *z, uint64_t seed)
{
    struct model *m = v->model;
    for (int i = 0; i < m->session.batch; i++) m->design->draw(m->generator, i, 1, seed, (uint32_t)i);
    m->design->latents(m->generator, v->z);
    memcpy(z, v->z, v->side * sizeof z[0]);
}

/* The mean of the posterior of a stream's first record, and its interval. */
static void end_of_record_or_die(struct variation *v, struct end *end, const char *path, char *facts)
{
    struct dataset d = read_or_die(v->model, path, facts);
    encode_records(v, &d, 0);
    memcpy(end->z, v->posterior, v->side * sizeof end->z[0]);
    end->interval = d.origin[0].interval;
    dataset_free(&d);
}

/* Caller frees its z. */
static struct end end_or_die(struct variation *v, const char *text, char *facts)
{
    struct end end = {.z = allocate_or_die(v->side, sizeof end.z[0])};
    long long seed;
    if (parse_integer(text, &seed) && seed >= 0) {
        latents_of_seed(v, end.z, (uint64_t)seed);
        end.interval = v->model->generator->articulation[0].interval;
    } else
        end_of_record_or_die(v, &end, text, facts);
    for (size_t i = 0; i < v->side; i++) end.z[i] -= v->mean[i];
    return end;
}

struct variation *variation_interpolate_or_die(struct model *m, const char *from, const char *to,
                                               uint64_t count, char *facts)
{
    struct variation *v = variation_new_or_die(m);
    v->steps = count > 1 ? count - 1 : 1;
    v->from = end_or_die(v, from, facts);
    v->to = end_or_die(v, to, facts);
    return v;
}

/* z = mean + cos(angle) a + sin(angle) b (side): for independent draws a and b of the prior, less its mean, z
 * has the prior's covariance too. */
static void mix_on_arc(const struct variation *v, real *z, const real *a, const real *b, double angle)
{
    double cosine = cos(angle), sine = sin(angle);
    for (size_t i = 0; i < v->side; i++)
        z[i] = (real)((double)v->mean[i] + cosine * (double)a[i] + sine * (double)b[i]);
}

/* z: the latents of the records, mixed with those that the drawn noise gives. */
static void mix_records(struct variation *v, uint64_t first)
{
    size_t count = (size_t)v->model->session.batch * v->side;
    v->model->design->latents(v->model->generator, v->z);
    encode_records(v, &v->records, first);
    for (size_t i = 0; i < count; i++) {
        v->z[i] -= v->mean[i % v->side];
        v->posterior[i] -= v->mean[i % v->side];
    }
    for (int b = 0; b < v->model->session.batch; b++)
        v->model->generator->articulation[b].threshold *= (real)v->amount;
    for (size_t b = 0; b < count; b += v->side)
        mix_on_arc(v, v->z + b, v->posterior + b, v->z + b, M_PI / 2 * v->amount);
}

/* z: the latents of the batch's steps from `first` on, all articulated as the first sample is, about the
 * middle threshold. */
static void mix_ends(struct variation *v, uint64_t first)
{
    if (first == 0) v->articulation = v->model->generator->articulation[0];
    v->articulation.threshold = 0;
    for (int b = 0; b < v->model->session.batch; b++) {
        v->model->generator->articulation[b] = v->articulation;
        uint64_t step = first + (uint64_t)b < v->steps ? first + (uint64_t)b : v->steps;
        mix_on_arc(v, v->z + (size_t)b * v->side, v->from.z, v->to.z,
                   M_PI / 2 * (double)step / (double)v->steps);
    }
}

void variation_decode(struct variation *v, uint64_t first, struct pass pass)
{
    if (v->like)
        mix_records(v, first);
    else
        mix_ends(v, first);
    v->model->design->decode(v->model->generator, v->z, pass);
}

const char *variation_source(const struct variation *v, uint64_t number)
{
    return v->like ? v->records.origin[number % v->records.records].source : NULL;
}

double variation_interval(const struct variation *v, uint64_t number)
{
    if (v->like) return v->records.origin[number % v->records.records].interval;
    double share = (double)number / (double)v->steps;
    return v->from.interval * pow(v->to.interval / v->from.interval, fmin(share, 1));
}

void variation_free(struct variation *v)
{
    if (!v) return;
    if (v->like) dataset_free(&v->records);
    free(v->from.z);
    free(v->to.z);
    free(v->mean);
    free(v->z);
    free(v->posterior);
    free(v);
}
