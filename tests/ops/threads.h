/* The same bytes for any number of threads. Tests run on one thread elsewhere: on a busy machine the small
 * shapes of differences cost more in barriers than in arithmetic. */
#ifndef TESTS_OPS_THREADS_H
#define TESTS_OPS_THREADS_H

#include <omp.h>

#include "tests/ops/check.h"

enum { THREADS_MOST = 3 };

/* One TAP line: run(context) with 1, 2 and 3 threads leaves the same in every output. */
static inline bool check_threads(const struct ops *ops, const char *name, void (*run)(void *context),
                                 void *context, const struct tensor *outputs, int count)
{
    bool same = true;
    real *first[8] = {NULL};
    for (int threads = 1; threads <= THREADS_MOST; threads++) {
        omp_set_num_threads(threads);
        run(context);
        for (int i = 0; i < count; i++) {
            const size_t bytes = tensor_count(outputs[i]) * sizeof(real);
            real *got = check_values(ops, outputs[i].data, tensor_count(outputs[i]));
            if (threads > 1) same = same && memcmp(first[i], got, bytes) == 0;
            free(first[i]);
            first[i] = got;
        }
    }
    for (int i = 0; i < count; i++) free(first[i]);
    omp_set_num_threads(1);
    return ok(same, "%s: the same bytes for 1, 2 and 3 threads", name);
}

/* True when every value is finite. */
static inline bool check_finite(const struct ops *ops, struct tensor x)
{
    real *values = check_values(ops, x.data, tensor_count(x));
    bool finite = true;
    for (size_t i = 0; i < tensor_count(x); i++) finite = finite && isfinite((double)values[i]);
    free(values);
    return finite;
}

/* x = scale * x + offset, on the host. */
static inline void check_affine(const struct ops *ops, struct tensor x, double scale, double offset)
{
    real *values = check_values(ops, x.data, tensor_count(x));
    for (size_t i = 0; i < tensor_count(x); i++) values[i] = (real)(scale * (double)values[i] + offset);
    ops->upload(x.data, values, tensor_count(x));
    free(values);
}

#endif
