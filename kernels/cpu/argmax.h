/* Maximum, minimum and argmax of an array; the argmax is the first of equal values. */
#ifndef KERNELS_CPU_ARGMAX_H
#define KERNELS_CPU_ARGMAX_H

#include <stddef.h>

#include "kernels/real.h"

/* sign * the largest of sign * x: sign -1 gives the minimum. In lanes, so that compilers may vectorise the
 * comparisons without reordering them. NaN is passed over, unless it is x[0]. */
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

static inline real max_of(const real *x, size_t count)
{
    return extreme_of(x, count, 1);
}

static inline real min_of(const real *x, size_t count)
{
    return extreme_of(x, count, -1);
}

/* The first index with the value `wanted`; 0 where there is none, as with NaN. */
static inline size_t first_equal(const real *x, size_t count, real wanted)
{
    for (size_t i = 0; i < count; i++)
        if (x[i] == wanted) return i;
    return 0;
}

static inline size_t argmax_of(const real *x, size_t count)
{
    return first_equal(x, count, max_of(x, count));
}

#endif
