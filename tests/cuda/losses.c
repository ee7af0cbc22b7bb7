/* The losses on keys, on CUDA against the CPU. All numbers are multiples of 1/128, which bf16 holds, so there
 * are equal neighbours and equal maxima too. */
#include "tests/cuda/both.h"

enum records { NOISE, MUSIC, STEPS, HELD, SILENT, FLAT };

static const char *const record_names[] = {"noise",     "music",   "few levels",
                                           "held keys", "silence", "constant"};

struct shape {
    struct keys_shape keys;
    int batch;
    enum records x, r;
    float weights[GENERATOR_LOSSES]; /* as many as there are */
    bool all, gradient;
};

/* A value of a record from a random one in (-1, 1). */
static double record_value(enum records kind, double random, struct keys_shape keys, size_t i)
{
    const size_t frame = i / 2 % (size_t)keys.frames, key = i / 2 / (size_t)keys.frames % (size_t)keys.keys;
    switch (kind) {
    case NOISE: return random;
    case MUSIC: /* waves that run through neighbouring keys and both channels */
        return 0.5 + 0.3 * sin(0.9 * (double)frame) + 0.2 * random;
    case STEPS: return round(2 * random) / 2;
    case HELD: /* every other key is constant */
        return key % 2 ? 0.25 + 0.125 * (double)(key % 3) : fmax(random, 0);
    case SILENT: return 0;
    default: return 0.25;
    }
}

static struct tensor take_records(struct both *run, const struct shape *s, enum records kind,
                                  uint32_t purpose)
{
    const int length = s->keys.keys * s->keys.frames;
    struct tensor from = both_tensor(run, s->batch, length, 2, purpose);
    struct tensor to = both_activation(run, s->batch, length, 2, 0);
    const size_t count = tensor_count(from);
    float *values = allocate_or_die(count, sizeof *values);
    run->ops->download(values, from.data, count);
    for (size_t i = 0; i < count; i++)
        values[i] = (float)(round(128 * record_value(kind, (double)values[i], s->keys, i)) / 128);
    run->ops->upload(from.data, values, count);
    run->ops->copy(to, from);
    free(values);
    return to;
}

/* Gradients are of the order of 1 where weights are multiplied by this. */
static void scale_weights(float *to, const struct shape *s, int count, float scale)
{
    for (int i = 0; i < count; i++) to[i] = scale * s->weights[i];
}

static void generator(struct both *run, const void *shape)
{
    const struct shape *s = shape;
    const int length = s->keys.keys * s->keys.frames;
    float weights[GENERATOR_LOSSES];
    struct tensor x = take_records(run, s, s->x, 1), r = take_records(run, s, s->r, 2);
    struct tensor dx = both_activation(run, s->batch, length, 2, 3);
    device values = both_memory(run, GENERATOR_LOSSES, 4);
    scale_weights(weights, s, GENERATOR_LOSSES, (float)tensor_count(x));
    run->ops->generator_losses(values, s->gradient ? dx : (struct tensor){0}, x, r, s->keys, weights, s->all);
    both_keep_memory(run, "values", values, GENERATOR_LOSSES);
    both_keep(run, "dx", dx);
}

static void discriminator(struct both *run, const void *shape)
{
    const struct shape *s = shape;
    struct tensor x = take_records(run, s, s->x, 1), r = take_records(run, s, s->r, 2);
    struct tensor logit = both_activation(run, s->batch, 1, 1, 5);
    struct tensor dlogit = both_activation(run, s->batch, 1, 1, 6);
    device values = both_memory(run, DISCRIMINATOR_LOSSES, 4);
    run->ops->discriminator_losses(values, s->gradient ? dlogit : (struct tensor){0}, logit, x, r, s->keys,
                                   s->weights, s->all);
    both_keep_memory(run, "values", values, DISCRIMINATOR_LOSSES);
    both_keep(run, "dlogit", dlogit);
}

static void check(const char *what, both_case *test, const struct shape *s)
{
    char name[120];
    snprintf(name, sizeof name, "%s (%d, %dx%d), %s against %s", what, s->batch, s->keys.keys, s->keys.frames,
             record_names[s->x], record_names[s->r]);
    both_check(name, test, s, 2e-6, 1e-2);
}

/* Each loss alone, with values of the others and without. */
static void each(const char *who, both_case *test, struct shape s, int losses)
{
    for (int i = 0; i < losses; i++) {
        char what[40];
        snprintf(what, sizeof what, "%s %d", who, i);
        memset(s.weights, 0, sizeof s.weights);
        s.weights[i] = 1.5f;
        s.all = i % 2, s.gradient = true;
        check(what, test, &s);
    }
}

static void together(const char *who, both_case *test, struct shape s)
{
    static const float weights[GENERATOR_LOSSES] = {1, 0.5f, 2, 0.75f, 1.25f, 3, 0.125f};
    memcpy(s.weights, weights, sizeof weights);
    s.all = false, s.gradient = true;
    check(who, test, &s);
    s.gradient = false;
    check(who, test, &s);
    memset(s.weights, 0, sizeof s.weights);
    s.all = s.gradient = true;
    check(who, test, &s);
}

int main(void)
{
    static const struct shape shapes[] = {
        {{2, 3, 0, 0}, 1, NOISE, MUSIC, {0}, 0, 0},   {{2, 3, 0, 0}, 5, MUSIC, MUSIC, {0}, 0, 0},
        {{5, 20, 0, 0}, 3, MUSIC, MUSIC, {0}, 0, 0},  {{5, 20, 0, 0}, 2, STEPS, NOISE, {0}, 0, 0},
        {{5, 20, 0, 0}, 1, HELD, MUSIC, {0}, 0, 0},   {{5, 20, 0, 0}, 3, SILENT, MUSIC, {0}, 0, 0},
        {{5, 20, 0, 0}, 2, MUSIC, SILENT, {0}, 0, 0}, {{5, 20, 0, 0}, 2, FLAT, FLAT, {0}, 0, 0},
        {{33, 50, 0, 0}, 2, MUSIC, HELD, {0}, 0, 0},  {{33, 50, 0, 0}, 5, HELD, STEPS, {0}, 0, 0},
        {{3, 241, 0, 0}, 3, STEPS, MUSIC, {0}, 0, 0}, {{7, 1, 0, 0}, 2, NOISE, MUSIC, {0}, 0, 0},
        {{1, 9, 0, 0}, 3, MUSIC, NOISE, {0}, 0, 0},   {{1, 1, 0, 0}, 1, NOISE, NOISE, {0}, 0, 0},
        {{2, 1, 0, 0}, 2, NOISE, NOISE, {0}, 0, 0},   {{33, 500, 0, 0}, 2, MUSIC, MUSIC, {0}, 0, 0},
    };
    for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++) {
        each("generator's loss", generator, shapes[i], GENERATOR_LOSSES);
        together("generator's losses", generator, shapes[i]);
        each("discriminator's loss", discriminator, shapes[i], DISCRIMINATOR_LOSSES);
        together("discriminator's losses", discriminator, shapes[i]);
    }
    return done();
}
