/* Losses on keys: closed forms, silence, gradients, any number of threads. */
#include "tests/ops/check.h"
#include "tests/ops/threads.h"

struct context {
    const struct ops *ops;
    struct keys_shape shape;
    struct tensor x, r, dx, logit, dlogit, values;
    const real *weights;
};

static struct context begin(const struct ops *ops, int batch, int keys, int frames)
{
    struct context c = {.ops = ops};
    c.shape = (struct keys_shape){.keys = keys, .frames = frames};
    c.x = check_tensor(ops, batch, keys * frames, 2, 1);
    c.r = check_tensor(ops, batch, keys * frames, 2, 2);
    c.dx = check_tensor(ops, batch, keys * frames, 2, 0);
    c.logit = check_tensor(ops, batch, 1, 1, 3);
    c.dlogit = check_tensor(ops, batch, 1, 1, 0);
    c.values = check_tensor(ops, 1, 1, GENERATOR_LOSSES, 0);
    return c;
}

static void end(struct context *c)
{
    struct tensor all[] = {c->x, c->r, c->dx, c->logit, c->dlogit, c->values};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) c->ops->release(all[i].data);
}

/* Waves that run through neighbouring keys and both channels, and noise: every loss has a gradient. */
static void make_music(struct context *c, struct tensor x, double level)
{
    real *values = check_values(c->ops, x.data, tensor_count(x));
    for (size_t i = 0; i < tensor_count(x); i++) {
        const size_t frame = i / 2 % (size_t)c->shape.frames;
        values[i] = (real)(level * (0.5 + 0.3 * sin(0.9 * (double)frame) + 0.2 * (double)values[i]));
    }
    c->ops->upload(x.data, values, tensor_count(x));
    free(values);
}

static double weighted(struct context *c, const real *weights, int count)
{
    double sum = 0;
    real *values = check_values(c->ops, c->values.data, (size_t)count);
    for (int i = 0; i < count; i++) sum += (double)weights[i] * (double)values[i];
    free(values);
    return sum;
}

static void generator(void *context)
{
    struct context *c = context;
    c->ops->zero(c->values.data, GENERATOR_LOSSES);
    c->ops->zero(c->dx.data, tensor_count(c->dx));
    c->ops->generator_losses(c->values.data, c->dx, c->x, c->r, c->shape, c->weights, true);
}

static double generator_scalar(void *context)
{
    struct context *c = context;
    generator(c);
    return weighted(c, c->weights, GENERATOR_LOSSES);
}

static const char *const generator_names[] = {"reconstruction", "no seconds", "no silence",   "melody",
                                              "melody match",   "std match",  "min-max match"};

/* Differences in float step over the kinks of these losses: only the build in double looks. */
static void generator_gradients(const struct ops *ops, int batch, int keys, int frames, double level)
{
    char name[80];
    struct context c = begin(ops, batch, keys, frames);
    make_music(&c, c.x, level);
    make_music(&c, c.r, 0.9);
    for (int i = 0; i < GENERATOR_LOSSES && sizeof(real) == sizeof(double); i++) {
        real weights[GENERATOR_LOSSES] = {0};
        weights[i] = (real)1.7;
        c.weights = weights;
        snprintf(name, sizeof name, "%s (%d, %d, %d) at %g", generator_names[i], batch, keys, frames, level);
        generator(&c);
        real *gradient = check_values(ops, c.dx.data, tensor_count(c.dx));
        device kept = check_memory(ops, tensor_count(c.dx), 0);
        ops->upload(kept, gradient, tensor_count(c.dx));
        check_gradient(ops, name, generator_scalar, &c, c.x.data, kept, tensor_count(c.x));
        ops->release(kept), free(gradient);
    }
    const real weights[GENERATOR_LOSSES] = {1, 2, 3, 4, 5, 6, 7};
    c.weights = weights;
    snprintf(name, sizeof name, "generator losses (%d, %d, %d) at %g", batch, keys, frames, level);
    check_threads(ops, name, generator, &c, (struct tensor[]){c.values, c.dx}, 2);
    end(&c);
}

static bool near(double got, double want)
{
    return isfinite(got) && fabs(got - want) <= 1e-5 * (1 + fabs(want));
}

static void generator_silence(const struct ops *ops)
{
    const real weights[GENERATOR_LOSSES] = {1, 1, 1, 1, 1, 1, 1};
    struct context c = begin(ops, 3, 3, 7);
    c.weights = weights;
    for (int constant = 0; constant < 2; constant++) {
        check_affine(ops, c.x, 0, 0.3 * constant);
        check_affine(ops, c.r, 0, 0.3 * constant);
        generator(&c);
        real *v = check_values(ops, c.values.data, GENERATOR_LOSSES);
        const double share = 1 / (1 + exp(-(0.3 * constant - 0.05) / 0.01));
        const double want = exp(-20 * share) - log(0.001) - 0.001 * log(0.3 * constant + 0.001);
        const char *name = constant ? "constant keys" : "silence";
        ok(v[G_RECONSTRUCTION] == 0 && v[G_MELODY_MATCH] == 0 && v[G_STD_MATCH] == 0 &&
               v[G_MIN_MAX_MATCH] == 0,
           "%s: equal keys match", name);
        ok(near((double)v[G_NO_SECONDS], -log(0.001)), "%s: no seconds", name);
        ok(near((double)v[G_NO_SILENCE], want), "%s: no silence", name);
        ok(near((double)v[G_MELODY], -log(0.011)), "%s: no melody", name);
        ok(check_finite(ops, c.dx), "%s: finite gradients", name);
        free(v);
    }
    end(&c);
}

/* 3 keys of 2 frames, key by key, frames of two channels, by hand. */
static void generator_by_hand(const struct ops *ops)
{
    const real weights[GENERATOR_LOSSES] = {0};
    const real x[] = {0, 1, 2, 3, 4, 6, 6, 5, 1, 0, 3, 2}, r[] = {0, 1, 2, 3, 4, 6, 6, 5, (real)1.5, 0, 3, 6};
    struct context c = begin(ops, 1, 3, 2);
    c.weights = weights;
    ops->upload(c.x.data, x, 12), ops->upload(c.r.data, r, 12);
    generator(&c);
    real *v = check_values(ops, c.values.data, GENERATOR_LOSSES);
    const double steps = log(4 + 3 + 0.001) + log(5 + 6 + 0.001) + log(4 + 3 + 0.001) + log(2 + 3 + 0.001);
    ok(near((double)v[G_RECONSTRUCTION], (0.125 + 3.5) / 12), "by hand: reconstruction");
    ok(near((double)v[G_NO_SECONDS], -steps / 4), "by hand: no seconds");
    /* deviations of the last key: x √2, √2; r 1.5/√2, 6/√2 */
    const double difference = (sqrt(2) + sqrt(2)) / 2 - (1.5 + 6) / sqrt(2) / 2;
    ok(near((double)v[G_STD_MATCH], difference * difference / 3), "by hand: std match");
    ok(near((double)v[G_MIN_MAX_MATCH], (9 + 0 + 1.125 * 1.125) / 3), "by hand: min-max match");
    ok(check_dot(ops, c.dx, c.dx) == 0, "weights of 0 leave no gradient");
    free(v);
    end(&c);
}

static void generator_choices(const struct ops *ops)
{
    const real weights[GENERATOR_LOSSES] = {0, 2, 0, 1, 0, 3, 0};
    struct context c = begin(ops, 2, 3, 11);
    struct tensor some = check_tensor(ops, 1, 1, GENERATOR_LOSSES, 0), none = tensor_make(NULL, 2, 33, 2);
    c.weights = weights;
    generator(&c);
    ops->generator_losses(some.data, none, c.x, c.r, c.shape, weights, false);
    real *all = check_values(ops, c.values.data, GENERATOR_LOSSES),
         *got = check_values(ops, some.data, GENERATOR_LOSSES);
    bool right = true, there = true;
    for (int i = 0; i < GENERATOR_LOSSES; i++) {
        right = right && got[i] == (weights[i] != 0 ? all[i] : 0);
        there = there && all[i] != 0;
    }
    ok(right, "losses without a weight are left out, and no gradient is asked for");
    ok(there, "all: every loss has its value");
    free(all), free(got);
    ops->release(some.data);
    end(&c);
}

static void discriminator(void *context)
{
    struct context *c = context;
    c->ops->zero(c->values.data, DISCRIMINATOR_LOSSES);
    c->ops->zero(c->dlogit.data, tensor_count(c->dlogit));
    c->ops->discriminator_losses(c->values.data, c->dlogit, c->logit, c->x, c->r, c->shape, c->weights, true);
}

static double discriminator_scalar(void *context)
{
    struct context *c = context;
    discriminator(c);
    return weighted(c, c->weights, DISCRIMINATOR_LOSSES);
}

static void discriminator_gradients(const struct ops *ops, int batch, int keys, int frames)
{
    static const real weights[DISCRIMINATOR_LOSSES] = {500, 2, 3, 4, 5};
    char name[80];
    struct context c = begin(ops, batch, keys, frames);
    c.weights = weights;
    make_music(&c, c.x, 0.7);
    snprintf(name, sizeof name, "discriminator losses (%d, %d, %d)", batch, keys, frames);
    check_threads(ops, name, discriminator, &c, (struct tensor[]){c.values, c.dlogit}, 2);
    struct tensor kept = check_tensor(ops, batch, 1, 1, 0);
    ops->copy(kept, c.dlogit);
    check_gradient(ops, name, discriminator_scalar, &c, c.logit.data, kept.data, (size_t)batch);
    ops->release(kept.data);
    end(&c);
}

static double discriminator_value(struct context *c, int loss)
{
    discriminator(c);
    real *values = check_values(c->ops, c->values.data, DISCRIMINATOR_LOSSES);
    const double value = (double)values[loss];
    free(values);
    return value;
}

/* Two keys of one frame, the logits 0: p is one half. */
static void songs_by_hand(const struct ops *ops)
{
    static const real weights[DISCRIMINATOR_LOSSES] = {0};
    const real r[] = {1, 1, 1, 1, 2, 2, 2, 2, 9, 0, 0, 9}, x[] = {1, 1, 1, 1, 1, 1, 1, 5, 0, 3, 0, 0};
    struct context c = begin(ops, 3, 2, 1);
    c.weights = weights;
    check_affine(ops, c.logit, 0, 0);
    ops->upload(c.r.data, r, 12), ops->upload(c.x.data, x, 12);
    const double divergence = 0.25 * (3 * log(2) + log(0.4));
    ok(near(discriminator_value(&c, D_KL_SONGS), divergence * divergence / 2),
       "songs: by hand, the third left out");
    c.x.batch = c.r.batch = c.logit.batch = c.dlogit.batch = 1;
    ok(discriminator_value(&c, D_KL_SONGS) == 0, "songs: one alone has none to differ from");
    /* largest 1, least 1, mean 1 in key 1 against r 1, 1, 1; so 0 but for the second key of the second batch
     */
    const real louder[] = {1, 1, 3, 2};
    ops->upload(c.x.data, louder, 4);
    ok(near(discriminator_value(&c, D_MIN_MAX_MATCH), 0.5 * (3 * 4 + 1 + 1.5 * 1.5) / 2), "extents: by hand");
    end(&c);
}

static void discriminator_silence(const struct ops *ops)
{
    static const real weights[DISCRIMINATOR_LOSSES] = {1, 1, 1, 1, 1};
    struct context c = begin(ops, 2, 3, 7);
    c.weights = weights;
    check_affine(ops, c.x, 0, 0);
    check_affine(ops, c.r, 0, 0);
    discriminator(&c);
    ok(check_dot(ops, c.values, c.values) == 0 && check_dot(ops, c.dlogit, c.dlogit) == 0,
       "silence matches silence");
    check_affine(ops, c.r, 0, 1);
    discriminator(&c);
    ok(check_finite(ops, c.values) && check_finite(ops, c.dlogit),
       "silence against constant keys stays finite");
    end(&c);
}

/* A loss that is not a number has to be seen. */
static void not_a_number(const struct ops *ops)
{
    static const real weights[GENERATOR_LOSSES] = {1, 1, 1, 1, 1, 1, 1};
    const real nan = (real)NAN;
    bool seen = true;
    struct context c = begin(ops, 2, 3, 7);
    c.weights = weights;
    ops->upload(ops->at(c.x.data, 5), &nan, 1);
    generator(&c);
    real *v = check_values(ops, c.values.data, GENERATOR_LOSSES);
    for (int i = 0; i < GENERATOR_LOSSES; i++) seen = seen && isnan((double)v[i]);
    ok(seen, "NaN in a record: every loss of the generator is NaN");
    discriminator(&c);
    free(v);
    v = check_values(ops, c.values.data, DISCRIMINATOR_LOSSES);
    for (int i = 0; i < DISCRIMINATOR_LOSSES; i++) seen = seen && isnan((double)v[i]);
    ok(seen, "and every loss of the discriminator");
    free(v);
    end(&c);
}

int main(void)
{
    const struct ops *ops = ops_under_test();
    omp_set_num_threads(1);
    generator_gradients(ops, 1, 2, 7, 1);
    generator_gradients(ops, 2, 12, 11, 0.08);
    generator_gradients(ops, 3, 4, 241, 1);
    generator_silence(ops);
    generator_by_hand(ops);
    generator_choices(ops);
    discriminator_gradients(ops, 1, 2, 7);
    discriminator_gradients(ops, 2, 3, 11);
    discriminator_gradients(ops, 3, 4, 241);
    songs_by_hand(ops);
    discriminator_silence(ops);
    not_a_number(ops);
    return done();
}
