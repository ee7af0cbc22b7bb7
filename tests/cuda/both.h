/* CUDA against the CPU: runs a case on both backends and compares all that it keeps. On CUDA it runs twice in
 * fp32, for the same bytes, and once in bf16 with bf16 tensors. */
#ifndef TESTS_CUDA_BOTH_H
#define TESTS_CUDA_BOTH_H

#include <stdlib.h>
#include <string.h>

#include "common/fail.h"
#include "common/memory.h"
#include "common/random.h"
#include "kernels/ops.h"
#include "tests/tap.h"

enum { BOTH_KEPT = 32, BOTH_TAKEN = 64 };

/* One run of a case; a case takes its tensors and keeps its results through it. */
struct both {
    const struct ops *ops;
    struct {
        const char *name;
        float *values;
        size_t count;
    } kept[BOTH_KEPT];
    device taken[BOTH_TAKEN];
    int keeps, takes;
};

/* Memory of `count` reals that the run gives back: random numbers in (-1, 1) that bf16 holds exactly, a
 * function of `purpose`; purpose 0: zeros. */
static inline device both_memory(struct both *run, size_t count, uint32_t purpose)
{
    float *values = allocate_or_die(count, sizeof *values);
    for (size_t i = 0; purpose && i < count; i++) {
        uint32_t bits[4];
        random_block(random_key_make(7, purpose, 0), (uint32_t)i, bits);
        values[i] = (float)((int)(bits[0] % 255) - 127) / 128;
    }
    device memory = run->ops->allocate_or_die(count);
    run->ops->upload(memory, values, count);
    free(values);
    if (run->takes == BOTH_TAKEN) die("both: too many tensors");
    return run->taken[run->takes++] = memory;
}

static inline struct tensor both_tensor(struct both *run, int batch, int length, int channels,
                                        uint32_t purpose)
{
    struct tensor x = tensor_make(NULL, batch, length, channels);
    x.data = both_memory(run, tensor_count(x), purpose);
    return x;
}

/* A tensor that is bf16 where the precision is bf16. */
static inline struct tensor both_activation(struct both *run, int batch, int length, int channels,
                                            uint32_t purpose)
{
    struct tensor from = both_tensor(run, batch, length, channels, purpose), x = from;
    x.bf16 = true;
    x.data = both_memory(run, run->ops->storage(x), 0);
    run->ops->copy(x, from);
    return x;
}

static inline void both_keep_memory(struct both *run, const char *name, device memory, size_t count)
{
    if (run->keeps == BOTH_KEPT) die("both: too many results");
    float *values = allocate_or_die(count, sizeof *values);
    run->ops->download(values, memory, count);
    run->kept[run->keeps].name = name;
    run->kept[run->keeps].values = values;
    run->kept[run->keeps++].count = count;
}

static inline void both_keep(struct both *run, const char *name, struct tensor x)
{
    struct tensor copy = both_tensor(run, x.batch, x.length, x.channels, 0);
    run->ops->copy(copy, x);
    both_keep_memory(run, name, copy.data, tensor_count(x));
}

typedef void both_case(struct both *run, const void *shape);

static inline struct both both_run(const struct ops *ops, both_case *test, const void *shape)
{
    struct both run = {.ops = ops};
    test(&run, shape);
    for (int i = 0; i < run.takes; i++) ops->release(run.taken[i]);
    return run;
}

static inline const struct ops *both_cuda(enum precision precision)
{
    const char *why;
    const struct ops *ops = ops_cuda(precision, &why);
    if (!ops) die("no CUDA: %s", why);
    return ops;
}

static inline void both_compare(const char *name, const char *how, const struct both *got,
                                const struct both *want, double tolerance)
{
    for (int i = 0; i < want->keeps; i++) {
        double error = relative_error_float(got->kept[i].values, want->kept[i].values, want->kept[i].count);
        ok(error <= tolerance, "%s, %s: %s: %.1e", name, how, want->kept[i].name, error);
    }
}

static inline void both_same_bytes(const char *name, const struct both *a, const struct both *b)
{
    bool same = a->keeps == b->keeps;
    for (int i = 0; same && i < a->keeps; i++)
        same = !memcmp(a->kept[i].values, b->kept[i].values, a->kept[i].count * sizeof(float));
    ok(same, "%s: the same bytes again", name);
}

static inline void both_free(struct both *run)
{
    for (int i = 0; i < run->keeps; i++) free(run->kept[i].values);
}

/* TAP lines for one case. Tolerances are of the largest value of a result; bf16 0: no run in bf16. */
static inline void both_check(const char *name, both_case *test, const void *shape, double tolerance,
                              double bf16)
{
    struct both cpu = both_run(ops_cpu(), test, shape);
    struct both cuda = both_run(both_cuda(PRECISION_FP32), test, shape);
    struct both again = both_run(both_cuda(PRECISION_FP32), test, shape);
    both_compare(name, "fp32", &cuda, &cpu, tolerance);
    both_same_bytes(name, &again, &cuda);
    if (bf16 > 0) {
        struct both half = both_run(both_cuda(PRECISION_BF16), test, shape);
        both_compare(name, "bf16", &half, &cpu, bf16);
        both_free(&half);
    }
    both_free(&cpu), both_free(&cuda), both_free(&again);
}

#endif
