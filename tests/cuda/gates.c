/* Keys as frames, gates and their losses: CUDA against the CPU. All numbers are such as bf16 holds. */
#include "tests/cuda/both.h"

struct shape {
    struct keys_shape keys;
    int batch, rest; /* rows behind the frames */
    bool bf16;
};

/* A tensor of keys. */
static struct tensor take_keys(struct both *run, const struct shape *s, uint32_t purpose)
{
    return (s->bf16 ? both_activation : both_tensor)(run, s->batch, s->keys.keys * s->keys.frames, 2,
                                                     purpose);
}

/* One of frames, of so many kinds of keys. */
static struct tensor take_frames(struct both *run, const struct shape *s, int kinds, uint32_t purpose)
{
    return (s->bf16 ? both_activation : both_tensor)(run, s->batch, s->keys.frames + s->rest,
                                                     kinds * s->keys.keys, purpose);
}

/* Calls `change` for each value of x, a tensor of random ones in (-1, 1). */
static void change_values(struct both *run, struct tensor x, float (*change)(float value, size_t i))
{
    struct tensor reals = both_tensor(run, x.batch, x.length, x.channels, 0);
    const size_t count = tensor_count(x);
    float *values = allocate_or_die(count, sizeof *values);
    run->ops->copy(reals, x);
    run->ops->download(values, reals.data, count);
    for (size_t i = 0; i < count; i++) values[i] = change(values[i], i);
    run->ops->upload(reals.data, values, count);
    run->ops->copy(x, reals);
    free(values);
}

/* Logits, large ones among them: gates, onsets and loudnesses as good as 0 and 1. */
static float logit(float value, size_t i)
{
    return value * (i % 31 == 7 ? 128 : 4);
}

/* Loudnesses: a third of the cells sounds in both channels, some in one. */
static float loudness(float value, size_t i)
{
    return i / 2 % 3 == 0 || i % 14 == 1 ? fabsf(value) : 0;
}

static struct tensor take_logits(struct both *run, const struct shape *s)
{
    struct tensor f = take_frames(run, s, 3, 1);
    change_values(run, f, logit);
    return f;
}

static struct tensor take_records(struct both *run, const struct shape *s)
{
    struct tensor r = take_keys(run, s, 2);
    change_values(run, r, loudness);
    return r;
}

static void to_frames(struct both *run, const void *shape)
{
    struct tensor y = take_frames(run, shape, 2, 3);
    run->ops->frames(y, take_records(run, shape), ((const struct shape *)shape)->keys);
    both_keep(run, "frames", y);
}

static void to_keys(struct both *run, const void *shape)
{
    const struct shape *s = shape;
    struct tensor f = take_logits(run, s), x = take_keys(run, s, 3);
    run->ops->gated(x, f, s->keys);
    both_keep(run, "x", x);
}

static void backward(struct both *run, const void *shape)
{
    const struct shape *s = shape;
    struct tensor f = take_logits(run, s), dx = take_keys(run, s, 4), df = take_frames(run, s, 3, 5);
    run->ops->gated_backward(df, dx, f, s->keys);
    both_keep(run, "df", df);
}

/* Of the order of 1, as the gradients that they are added to. */
static void losses(struct both *run, const void *shape)
{
    const real weights[][GATE_LOSSES] = {
        {(real)0.75, (real)0.5, (real)1.25, (real)1.75}, {2}, {0, 1}, {0, 0, 2}, {0, 0, 0, (real)1.5}, {0}};
    static const char *names[] = {"all", "sounding", "onsets", "drums", "loudness", "no weight"};
    const struct shape *s = shape;
    struct tensor f = take_logits(run, s), r = take_records(run, s), df = take_frames(run, s, 3, 6);
    device values = both_memory(run, GATE_LOSSES + 1, 7);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        run->ops->gate_losses(run->ops->at(values, 1), df, f, r, s->keys, weights[i]);
        both_keep(run, names[i], df);
        both_keep_memory(run, "values", values, GATE_LOSSES + 1);
    }
}

/* All but the first value of memory that is one longer: no place for pairs. */
static void odd_places(struct both *run, const void *shape)
{
    const struct shape *s = shape;
    struct tensor keys = take_keys(run, s, 0), f = take_logits(run, s), y = take_frames(run, s, 2, 0);
    const size_t count = tensor_count(keys);
    device memory = both_memory(run, count + 1, 8), records = both_memory(run, count + 1, 9);
    struct tensor x = tensor_make(run->ops->at(memory, 1), keys.batch, keys.length, 2);
    struct tensor r = tensor_make(run->ops->at(records, 1), keys.batch, keys.length, 2);
    run->ops->gated(x, f, s->keys);
    change_values(run, r, loudness);
    run->ops->frames(y, r, s->keys);
    both_keep_memory(run, "x", memory, count + 1);
    both_keep(run, "frames", y);
}

int main(void)
{
    static const struct {
        const char *name;
        both_case *test;
    } cases[] = {{"frames", to_frames},
                 {"gated", to_keys},
                 {"gated backward", backward},
                 {"gate losses", losses},
                 {"odd places", odd_places}};
    static const struct shape shapes[] = {
        {{1, 1, 0, 0}, 1, 0, true},    {{1, 1, 1, 0}, 3, 1, false},    {{2, 3, 0, 0}, 2, 3, true},
        {{5, 20, 2, 0}, 3, 12, true},  {{5, 20, 0, 0}, 1, 0, false},   {{33, 50, 3, 0}, 2, 14, true},
        {{7, 241, 1, 0}, 3, 15, true}, {{32, 64, 0, 0}, 1, 64, false}, {{130, 33, 50, 0}, 2, 3, true},
    };
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++)
        for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
            const struct shape *s = &shapes[i];
            char name[80];
            snprintf(name, sizeof name, "%s (%d, %d x %d + %d)%s", cases[c].name, s->batch, s->keys.keys,
                     s->keys.frames, s->rest, s->bf16 ? ", bf16" : "");
            both_check(name, cases[c].test, s, 2e-6, 8e-3);
        }
    return done();
}
