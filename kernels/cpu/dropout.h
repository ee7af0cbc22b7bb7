/* Dropout's random numbers, 16 bits an element. Block i of the stream (seed, purpose, step) covers the
 * elements 8i … 8i+7: its four words in order, the lower half of each first. An element is kept where its
 * number is at least round(65536 share). Every backend makes the same masks. */
#ifndef KERNELS_CPU_DROPOUT_H
#define KERNELS_CPU_DROPOUT_H

#include "kernels/ops.h"

/* False where dropout changes nothing: no training, or no share. */
static inline bool cpu_drops(struct dropout dropout, struct pass pass)
{
    return pass.training && dropout.share > 0;
}

/* What the elements first … first + count - 1 of a tensor are multiplied by: 0 or 1 / (1 - share). */
void cpu_dropout_factors(real *factors, size_t first, size_t count, struct dropout dropout, struct pass pass);

/* Multiplies those elements, of which x is the first, by their factors; nothing where dropout is off. */
void cpu_dropout_apply(real *x, size_t first, size_t count, struct dropout dropout, struct pass pass);

#endif
