/* The largest value and where it stands: the first of equal ones. */
#ifndef KERNELS_CPU_ARGMAX_H
#define KERNELS_CPU_ARGMAX_H

#include <stddef.h>

#include "kernels/real.h"

/* The largest of sign * x, times sign: -1 gives the least. In lanes, so that compilers need no licence to
 * reorder comparisons. NaN is passed over where it is not first. */
static inline real extreme_of(const real *x, size_t count, real sign)
{
    enum { LANES = 32 };
    real lanes[LANES], most = sign * x[0];
    size_t i = 0;
    for (int l = 0; l < LANES; l++) lanes[l] = most;
    for (; i + LANES <= count; i += LANES)
        for (int l = 0; l < LANES; l++) lanes[l] = sign * x[i + l] > lanes[l] ? sign * x[i + l] : lanes[l];
    for (int l = 0; l < LANES; l++) most = lanes[l] > most ? lanes[l] : most;
    for (; i < count; i++) most = sign * x[i] > most ? sign * x[i] : most;
    return sign * most;
}

static inline real largest_of(const real *x, size_t count)
{
    return extreme_of(x, count, 1);
}

static inline real least_of(const real *x, size_t count)
{
    return extreme_of(x, count, -1);
}

/* 0 where no value equals `wanted`, as among NaN. */
static inline size_t first_equal(const real *x, size_t count, real wanted)
{
    for (size_t i = 0; i < count; i++)
        if (x[i] == wanted) return i;
    return 0;
}

static inline size_t index_of_largest(const real *x, size_t count)
{
    return first_equal(x, count, largest_of(x, count));
}

#endif
