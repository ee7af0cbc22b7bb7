/* Checks of operations for any backend: tensors of fixed random numbers, and backward passes against central
 * differences. Each test here is built twice; only the one in double can tell a wrong gradient from rounding.
 */
#ifndef TESTS_OPS_CHECK_H
#define TESTS_OPS_CHECK_H

#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "common/random.h"
#include "kernels/ops.h"
#include "tests/device.h"
#include "tests/tap.h"

#ifdef REAL_IS_DOUBLE
#define CHECK_STEP           1e-5  /* of the differences */
#define CHECK_TOLERANCE      1e-6  /* of gradients, relative to the largest */
#define CHECK_CLOSE          1e-12 /* of values that two ways of computing give */
#define check_relative_error relative_error_double
#else
#define CHECK_STEP           4e-3
#define CHECK_TOLERANCE      1e-2
#define CHECK_CLOSE          2e-5
#define check_relative_error relative_error_float
#endif

enum { CHECK_PROBES = 160 };

/* Fills device memory with numbers in (-1, 1), a function of `purpose` and the index alone. */
static inline void check_fill(const struct ops *ops, device memory, size_t count, uint32_t purpose)
{
    real *values = allocate_or_die(count, sizeof *values);
    for (size_t i = 0; i < count; i++) {
        uint32_t bits[4];
        random_block(random_key_make(7, purpose, 0), (uint32_t)i, bits);
        values[i] = 2 * (real)random_uniform(bits[0]) - 1;
    }
    ops->upload(memory, values, count);
    free(values);
}

/* A parameter or the like of `count` values: as check_fill; purpose 0: zeros. Caller releases. */
static inline device check_memory(const struct ops *ops, size_t count, uint32_t purpose)
{
    device memory = ops->allocate_or_die(count);
    if (purpose) check_fill(ops, memory, count, purpose);
    return memory;
}

/* A tensor, filled as check_memory. Caller releases its data. */
static inline struct tensor check_tensor(const struct ops *ops, int batch, int length, int channels,
                                         uint32_t purpose)
{
    struct tensor x = tensor_make(NULL, batch, length, channels);
    x.data = check_memory(ops, tensor_count(x), purpose);
    return x;
}

/* The values on the host. Caller frees. */
static inline real *check_values(const struct ops *ops, device memory, size_t count)
{
    real *values = allocate_or_die(count, sizeof *values);
    ops->download(values, memory, count);
    return values;
}

/* The sum of x * w, in double: with random w a scalar whose gradient by x is w. */
static inline double check_dot(const struct ops *ops, struct tensor x, struct tensor w)
{
    size_t count = tensor_count(x);
    real *a = check_values(ops, x.data, count), *b = check_values(ops, w.data, count);
    double sum = 0;
    for (size_t i = 0; i < count; i++) sum += (double)a[i] * (double)b[i];
    free(a), free(b);
    return sum;
}

/* True when both hold the same bytes. */
static inline bool check_same(const struct ops *ops, device a, device b, size_t count)
{
    real *x = check_values(ops, a, count), *y = check_values(ops, b, count);
    bool same = memcmp(x, y, count * sizeof *x) == 0;
    free(x), free(y);
    return same;
}

/* The derivative of scalar(context) by value i. */
static inline real check_difference(const struct ops *ops, double (*scalar)(void *context), void *context,
                                    device values, size_t i)
{
    real value, moved;
    device at = ops->at(values, i);
    ops->download(&value, at, 1);
    double side[2], place[2];
    for (int s = 0; s < 2; s++) {
        moved = value + (real)(s ? CHECK_STEP : -CHECK_STEP);
        ops->upload(at, &moved, 1);
        place[s] = (double)moved;
        side[s] = scalar(context);
    }
    ops->upload(at, &value, 1);
    return (real)((side[1] - side[0]) / (place[1] - place[0]));
}

/* One TAP line: `gradient` against the central differences of scalar(context), which runs the forward pass
 * with what now stands at `values`. Of more than CHECK_PROBES values as many, spread evenly, are tried. */
static inline bool check_gradient(const struct ops *ops, const char *name, double (*scalar)(void *context),
                                  void *context, device values, device gradient, size_t count)
{
    size_t probes = count < CHECK_PROBES ? count : CHECK_PROBES;
    real *all = check_values(ops, gradient, count);
    real *got = allocate_or_die(2 * probes, sizeof *got), *want = got + probes;
    for (size_t p = 0; p < probes; p++) {
        size_t i = p * count / probes;
        got[p] = all[i];
        want[p] = check_difference(ops, scalar, context, values, i);
    }
    double error = check_relative_error(got, want, probes);
    free(all), free(got);
    return ok(error < CHECK_TOLERANCE, "%s: gradient against differences: %.1e", name, error);
}

#endif
