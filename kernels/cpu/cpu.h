/* The base of the CPU backend: the address behind a handle, gemm, and every operation by name.
 *
 * Results have the same bytes for any number of threads: work is cut into tiles whose borders do not depend
 * on the number of threads, OpenBLAS runs on one thread inside each, and sums over tiles are added in order.
 */
#ifndef KERNELS_CPU_CPU_H
#define KERNELS_CPU_CPU_H

#include <stdlib.h>

#include "kernels/operations.h"
#include "kernels/ops.h"

/* The values behind a handle. */
static inline real *cpu_values(device memory)
{
    return (real *)memory;
}

/* C (m, n) = alpha op(A) (m, k) op(B) (k, n) + beta C, row-major, on the calling thread. Shapes are checked
 * in every build (CBLAS only prints and goes on). */
void cpu_gemm(bool transpose_a, bool transpose_b, int m, int n, int k, real alpha, const real *a, int lda,
              const real *b, int ldb, real beta, real *c, int ldc);

/* Prepares OpenBLAS: one thread, for our own are outside it. */
void cpu_blas_prepare(void);

/* Zeroed memory that `allocated` counts; aligned to 64 bytes. */
void *cpu_memory_or_die(size_t count, size_t size);
void cpu_memory_release(void *memory);

/* Every operation of ops.h is cpu_NAME. */
#define CPU_DECLARE(NAME) extern __typeof__(*((struct ops *)0)->NAME) cpu_##NAME;
OPERATIONS(CPU_DECLARE)
#undef CPU_DECLARE

#endif
