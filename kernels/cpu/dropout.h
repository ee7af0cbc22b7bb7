/* Dropout masks, by the rule of kernels/tensor.h. */
#ifndef KERNELS_CPU_DROPOUT_H
#define KERNELS_CPU_DROPOUT_H

#include "kernels/ops.h"

/* False where dropout changes nothing: no training, or no share. */
static inline bool cpu_drops(struct dropout dropout, struct pass pass)
{
    return pass.training && dropout.share > 0;
}

/* The factors of the elements first … first + count - 1 of a tensor: 0 or 1 / (1 - share). */
void cpu_dropout_factors(real *factors, size_t first, size_t count, struct dropout dropout, struct pass pass);

/* Multiplies these elements, of which x is the first, by their factors; does nothing where dropout is off. */
void cpu_dropout_apply(real *x, size_t first, size_t count, struct dropout dropout, struct pass pass);

#endif
