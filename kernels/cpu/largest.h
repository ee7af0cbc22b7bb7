/* The largest value and where it stands: the first of equal ones. */
#ifndef KERNELS_CPU_LARGEST_H
#define KERNELS_CPU_LARGEST_H

#include "kernels/real.h"
#include <stddef.h>

/* 0 where no value equals `wanted`, as among NaN. */
static inline size_t first_equal(const real *x, size_t count, real wanted)
{
    for (size_t i = 0; i < count; i++)
        if (x[i] == wanted) return i;
    return 0;
}

static inline size_t index_of_largest(const real *x, size_t count)
{
    real largest = x[0];
#pragma omp simd reduction(max : largest)
    for (size_t i = 0; i < count; i++) largest = x[i] > largest ? x[i] : largest;
    return first_equal(x, count, largest);
}

#endif
