/* Inside the CPU backend: the address behind a handle, the matrix product, and every operation by name.
 *
 * The same bytes for any number of threads: work is cut into tiles whose borders do not depend on the number
 * of threads, OpenBLAS runs on one thread inside each, and sums over tiles are added in the tiles' order. */
#ifndef KERNELS_CPU_H
#define KERNELS_CPU_H

#include <stdlib.h>

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
void *cpu_allocate_or_die(size_t count, size_t size);
void cpu_release(void *memory);

/* Every operation of ops.h is cpu_NAME; declared by what the table in cpu.c needs. */
/* clang-format off */
#define CPU_OPERATIONS(_)                                                                                    \
    _(zero) _(copy) _(add) _(normal) _(add_normal) _(dropout) _(join) _(split)                               \
    _(block_new_or_die) _(block_free) _(block_forward) _(block_backward) _(linear) _(linear_backward)        \
    _(attention_new_or_die) _(attention_free) _(attention_forward) _(attention_backward)                     \
    _(add_norm_new_or_die) _(add_norm_free) _(add_norm_forward) _(add_norm_backward)                         \
    _(adaptive_pool) _(adaptive_pool_backward) _(halve) _(halve_backward)                                    \
    _(latent) _(latent_backward) _(kl) _(squash) _(squash_backward) _(envelope) _(envelope_backward)         \
    _(minibatch) _(minibatch_backward) _(spectral) _(spectral_backward) _(bce) _(generator_losses)           \
    _(discriminator_losses) _(batch_mean) _(feature_match) _(adamw) _(clip)
/* clang-format on */
#define CPU_DECLARE(NAME) extern __typeof__(*((struct ops *)0)->NAME) cpu_##NAME;
CPU_OPERATIONS(CPU_DECLARE)
#undef CPU_DECLARE

#endif
