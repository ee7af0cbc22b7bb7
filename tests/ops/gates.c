/* Keys as frames, gates, their losses: against plain loops, backward against differences, any number of
 * threads. */
#include "tests/ops/check.h"
#include "tests/ops/threads.h"

static const real WEIGHTS[GATE_LOSSES] = {(real)0.8, (real)0.6, (real)1.3, (real)1.7};

struct context {
    const struct ops *ops;
    struct keys_shape shape;
    struct tensor x, f, dx, df, r, dlosses, values;
};

static void release(struct context *c)
{
    struct tensor all[] = {c->x, c->f, c->dx, c->df, c->r, c->dlosses, c->values};
    for (int i = 0; i < 7; i++) c->ops->release(all[i].data);
}

/* Real records: a third of the cells sound in both channels, some in one. */
static void fill_records(struct context *c)
{
    real *r = check_values(c->ops, c->r.data, tensor_count(c->r));
    for (size_t i = 0; i < tensor_count(c->r); i++)
        r[i] = i / 2 % 3 == 0 || i % 14 == 1 ? (r[i] + (real)1.01) / 2 : 0;
    c->ops->upload(c->r.data, r, tensor_count(c->r));
    free(r);
}

static struct context begin(const struct ops *ops, int batch, struct keys_shape shape, int length)
{
    struct context c = {.ops = ops, .shape = shape};
    c.x = check_tensor(ops, batch, shape.keys * shape.frames, 2, 0);
    c.dx = check_tensor(ops, batch, shape.keys * shape.frames, 2, 1);
    c.f = check_tensor(ops, batch, length, 3 * shape.keys, 2);
    c.df = check_tensor(ops, batch, length, 3 * shape.keys, 3);
    c.dlosses = check_tensor(ops, batch, length, 3 * shape.keys, 0);
    c.r = check_tensor(ops, batch, shape.keys * shape.frames, 2, 4);
    c.values = check_tensor(ops, 1, 1, GATE_LOSSES, 0);
    check_affine(ops, c.f, 3, 0);
    fill_records(&c);
    return c;
}

static double dot(void *context)
{
    struct context *c = context;
    c->ops->gated(c->x, c->f, c->shape);
    return check_dot(c->ops, c->x, c->dx);
}

static double losses(void *context)
{
    struct context *c = context;
    real values[GATE_LOSSES];
    double sum = 0;
    c->ops->zero(c->values.data, GATE_LOSSES);
    c->ops->gate_losses(c->values.data, c->dlosses, c->f, c->r, c->shape, WEIGHTS);
    c->ops->download(values, c->values.data, GATE_LOSSES);
    for (int i = 0; i < GATE_LOSSES; i++) sum += (double)(WEIGHTS[i] * values[i]);
    return sum;
}

static void run(void *context)
{
    struct context *c = context;
    c->ops->gated(c->x, c->f, c->shape);
    c->ops->gated_backward(c->df, c->dx, c->f, c->shape);
    c->ops->zero(c->dlosses.data, tensor_count(c->dlosses));
    losses(c);
}

static void gates(const struct ops *ops, int batch, struct keys_shape shape, int length)
{
    char name[80], part[100];
    struct context c = begin(ops, batch, shape, length);
    snprintf(name, sizeof name, "gates (%d, %d x %d in %d)", batch, shape.keys, shape.frames, length);
    run(&c);
    check_gradient(ops, name, dot, &c, c.f.data, c.df.data, tensor_count(c.f));
    /* A copy: each look at the losses adds to the gradient. */
    struct tensor gradient = check_tensor(ops, batch, length, 3 * shape.keys, 0);
    ops->copy(gradient, c.dlosses);
    snprintf(part, sizeof part, "%s: losses", name);
    check_gradient(ops, part, losses, &c, c.f.data, gradient.data, tensor_count(c.f));
    check_threads(ops, name, run, &c, (struct tensor[]){c.x, c.df, c.dlosses, c.values}, 4);
    ops->release(gradient.data);
    release(&c);
}

/* To frames and back: the square roots come as such, behind the frames stands their mirror image; a wide open
 * gate gives their squares. */
static void there_and_back(const struct ops *ops)
{
    const struct keys_shape shape = {.keys = 3, .frames = 130};
    struct context c = begin(ops, 2, shape, 136);
    struct tensor y = check_tensor(ops, 2, 136, 6, 5);
    ops->frames(y, c.r, shape);
    real *rows = check_values(ops, y.data, tensor_count(y)),
         *r = check_values(ops, c.r.data, tensor_count(c.r));
    bool same = true;
    for (size_t i = 0; i < tensor_count(y); i++) {
        const size_t b = i / (136 * 6), row = i / 6 % 136, channel = i % 6 / 3, k = i % 3;
        const size_t t = row < 130 ? row : 259 - row;
        same =
            same && fabs(pow((double)rows[i], 2) - (double)r[((b * 3 + k) * 130 + t) * 2 + channel]) < 1e-6;
    }
    ok(same, "frames: rows have the roots of both channels, and mirrored ones behind the frames");
    ops->release(y.data);
    free(rows), free(r);
    release(&c);
}

/* -log of a sigmoid. */
static double entropy(double logit)
{
    return log1p(exp(-logit));
}

static bool near(real value, double wanted)
{
    return fabs((double)value - wanted) < 1e-5;
}

/* A key and a drum, three frames: x and the losses by hand. Both begin in the last frame but one. */
static void by_hand(const struct ops *ops)
{
    enum { KEYS = 2, FRAMES = 3 };
    /* gates, onsets and loudnesses of the key and the drum */
    const real f[FRAMES][3 * KEYS] = {
        {1, -2, 9, 9, 0, 0}, {2, 3, (real)0.5, -1, (real)0.5, 3}, {-1, 1, -3, 2, 1, 1}};
    const real r[KEYS][FRAMES][2] = {{{0, 0}, {(real)0.25, 0}, {0, (real)0.04}}, {{0, 0}, {0, 1}, {0, 0}}};
    const double root = 1 / (1 + exp(-0.5));
    real x[KEYS][FRAMES][2], values[GATE_LOSSES];
    struct context c = begin(ops, 1, (struct keys_shape){.keys = KEYS, .frames = FRAMES, .drums = 1}, FRAMES);
    ops->upload(c.f.data, f[0], (size_t)FRAMES * 3 * KEYS);
    ops->upload(c.r.data, r[0][0], (size_t)KEYS * FRAMES * 2);
    losses(&c);
    ops->gated(c.x, c.f, c.shape);
    ops->download(x[0][0], c.x.data, (size_t)KEYS * FRAMES * 2);
    ops->download(values, c.values.data, GATE_LOSSES);
    ok(near(x[0][1][0], root * root / (1 + exp(-2.0))) && near(x[0][1][1], (double)x[0][1][0]),
       "gated: the same in both channels");
    ok(near(values[GATE_SOUNDING], entropy(-1) + entropy(2) + entropy(-1)),
       "gates of keys have a cross entropy");
    ok(near(values[GATE_ONSETS], entropy(0.5) + entropy(3)),
       "so have onsets, but in frame 0: a note goes on from one channel to the other");
    ok(near(values[GATE_DRUMS], entropy(2) + entropy(3) + entropy(-1) + entropy(-1) + entropy(-2)),
       "drums have both in one loss");
    ok(near(values[GATE_LOUDNESS], root - 0.5 + 1 / (1 + exp(-1.0)) - 0.2 + 1 - 1 / (1 + exp(-3.0))),
       "loudnesses are those of the louder channel");
    release(&c);
}

int main(void)
{
    const struct ops *ops = ops_under_test();
    omp_set_num_threads(1);
    gates(ops, 1, (struct keys_shape){.keys = 1, .frames = 1}, 2);
    gates(ops, 2, (struct keys_shape){.keys = 5, .frames = 7, .drums = 2}, 8);
    gates(ops, 2, (struct keys_shape){.keys = 2, .frames = 107, .drums = 1}, 112);
    there_and_back(ops);
    by_hand(ops);
    return done();
}
