/* Gemm by OpenBLAS: the only file that names it. */
#include <cblas.h>

#include "common/fail.h"
#include "kernels/cpu/cpu.h"

static void check_shapes(int m, int n, int k, int lda, int lda_least, int ldb, int ldb_least, int ldc)
{
    if (m >= 0 && n >= 0 && k >= 0 && lda >= lda_least && ldb >= ldb_least && ldc >= n) return;
    die("cpu: gemm of impossible shape: (%d, %d, %d), rows %d, %d, %d apart", m, n, k, lda, ldb, ldc);
}

/* C = beta C; beta 0 forgets what stood there, NaN too. */
static void scale_matrix(int m, int n, real beta, real *c, int ldc)
{
    for (int i = 0; i < m; i++) {
        real *row = c + (size_t)i * (size_t)ldc;
        for (int j = 0; j < n; j++) row[j] = beta == 0 ? 0 : beta * row[j];
    }
}

void cpu_gemm(bool transpose_a, bool transpose_b, int m, int n, int k, real alpha, const real *a, int lda,
              const real *b, int ldb, real beta, real *c, int ldc)
{
    check_shapes(m, n, k, lda, transpose_a ? m : k, ldb, transpose_b ? k : n, ldc);
    if (m == 0 || n == 0) return;
    if (k == 0) {
        scale_matrix(m, n, beta, c, ldc);
        return;
    }
    CBLAS_TRANSPOSE ta = transpose_a ? CblasTrans : CblasNoTrans,
                    tb = transpose_b ? CblasTrans : CblasNoTrans;
#ifdef REAL_IS_DOUBLE
    cblas_dgemm(CblasRowMajor, ta, tb, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);
#else
    cblas_sgemm(CblasRowMajor, ta, tb, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);
#endif
}

void cpu_blas_prepare(void)
{
    openblas_set_num_threads(1);
}
