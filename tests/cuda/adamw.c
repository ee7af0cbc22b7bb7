/* The optimiser on CUDA against the CPU: odd counts, blocks that begin anywhere, and nothing beside them
 * touched. */
#include "tests/cuda/both.h"

enum { BESIDE = 5 };

struct shape {
    size_t count, offset;
    float limit; /* of the norm */
};

/* Three steps; the memory is kept whole, with what lies before and after. */
static void run_adamw(struct both *run, const void *shape)
{
    const struct shape *s = shape;
    size_t whole = s->offset + s->count + BESIDE;
    device p = both_memory(run, whole, 1), g = both_memory(run, whole, 2);
    device m = both_memory(run, whole, 0), v = both_memory(run, whole, 0);
    struct adamw settings = {1e-2f, 0.5f, 0.999f, 1e-8f, 0.1f, 0};
    for (settings.step = 1; settings.step <= 3; settings.step++)
        run->ops->adamw(run->ops->at(p, s->offset), run->ops->at(g, s->offset), run->ops->at(m, s->offset),
                        run->ops->at(v, s->offset), s->count, settings);
    both_keep_memory(run, "parameters", p, whole);
    both_keep_memory(run, "first moment", m, whole);
    both_keep_memory(run, "second moment", v, whole);
    both_keep_memory(run, "gradients", g, whole);
}

/* Gradients at another offset than the rest, so that no access of 16 bytes fits all four. */
static void run_apart(struct both *run, const void *shape)
{
    const struct shape *s = shape;
    device p = both_memory(run, s->count, 1), g = both_memory(run, s->count + 1, 2);
    device m = both_memory(run, s->count, 3), v = both_memory(run, s->count, 0);
    struct adamw settings = {3e-4f, 0.9f, 0.999f, 1e-8f, 0, 70000};
    run->ops->adamw(p, run->ops->at(g, 1), m, v, s->count, settings);
    both_keep_memory(run, "parameters", p, s->count);
    both_keep_memory(run, "first moment", m, s->count);
    both_keep_memory(run, "second moment", v, s->count);
}

static void run_clip(struct both *run, const void *shape)
{
    const struct shape *s = shape;
    size_t whole = s->offset + s->count + BESIDE;
    device g = both_memory(run, whole, 2);
    run->ops->clip(run->ops->at(g, s->offset), s->count, s->limit);
    both_keep_memory(run, "gradients", g, whole);
}

/* One value that is no number makes all of them so: 1 for each that is one. */
static void run_broken(struct both *run, const void *shape)
{
    const struct shape *s = shape;
    device g = both_memory(run, s->count, 2);
    float *values = allocate_or_die(s->count, sizeof *values), wrong = NAN;
    run->ops->upload(run->ops->at(g, s->count / 2), &wrong, 1);
    run->ops->clip(g, s->count, s->limit);
    run->ops->download(values, g, s->count);
    for (size_t i = 0; i < s->count; i++) values[i] = isnan((double)values[i]) ? 1.0f : 0.0f;
    run->ops->upload(g, values, s->count);
    both_keep_memory(run, "no numbers", g, s->count);
    free(values);
}

int main(void)
{
    static const size_t counts[] = {1, 3, 4, 1003, 100003};
    char name[80];
    for (int i = 0; i < 5; i++)
        for (size_t offset = 0; offset < 5; offset += i < 4 ? 1 : 3) {
            struct shape shape = {counts[i], offset, 0};
            snprintf(name, sizeof name, "adamw of %zu from %zu", counts[i], offset);
            both_check(name, run_adamw, &shape, 2e-7, 2e-7);
            shape.limit = 0.25f;
            snprintf(name, sizeof name, "clip of %zu from %zu", counts[i], offset);
            both_check(name, run_clip, &shape, 1e-7, 1e-7);
            shape.limit = 1e4f;
            snprintf(name, sizeof name, "a short one of %zu from %zu", counts[i], offset);
            both_check(name, run_clip, &shape, 0, 0);
        }
    both_check("adamw, gradients apart", run_apart, &(struct shape){1003, 0, 0}, 2e-7, 0);
    both_check("clip of more than all blocks take at once", run_clip, &(struct shape){1100003, 0, 1}, 1e-7,
               0);
    both_check("clip of what is no number", run_broken, &(struct shape){1003, 0, 1}, 0, 0);
    return done();
}
