/* OpenBLAS: the one file that names it. */
#include "common/fail.h"
#include "kernels/cpu/cpu.h"
#include <cblas.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static void check_shapes(int m, int n, int k, int lda, int lda_least, int ldb, int ldb_least, int ldc)
{
    if (m >= 0 && n >= 0 && k >= 0 && lda >= lda_least && ldb >= ldb_least && ldc >= n) return;
    die("cpu: matrix product of impossible shape: (%d, %d, %d), rows %d, %d, %d apart", m, n, k, lda, ldb,
        ldc);
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

/* True where the processor has 512-bit vectors but OpenBLAS took other kernels: it knows the processors of
 * its time, and falls back to Prescott where it does not know one. */
static bool kernels_too_narrow(void)
{
#ifdef __x86_64__
    const char *core = openblas_get_corename();
    return (strcmp(core, "Prescott") == 0 || strcmp(core, "Haswell") == 0 || strcmp(core, "Zen") == 0) &&
           __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
#else
    return false;
#endif
}

/* The program's arguments, NULL at their end; NULL when they are not to be had. Never freed: exec follows. */
static char **program_arguments(void)
{
    FILE *file = fopen("/proc/self/cmdline", "re");
    if (!file) return NULL;
    char **arguments = calloc(1, sizeof *arguments), *argument = NULL;
    size_t capacity = 0;
    for (size_t n = 0; arguments && getdelim(&argument, &capacity, '\0', file) >= 0;
         argument = NULL, capacity = 0) {
        char **grown = realloc(arguments, (n + 2) * sizeof *arguments);
        if (grown) grown[n++] = argument, grown[n] = NULL;
        arguments = grown;
    }
    fclose(file);
    return arguments && arguments[0] ? arguments : NULL;
}

/* OpenBLAS chooses its kernels once, while the program is loaded; only its environment tells it better. So
 * the program starts itself again with that variable set, at most once: a variable that is set stays as it
 * is. */
static void restart_with_wide_kernels(void)
{
    static const char variable[] = "OPENBLAS_CORETYPE";
    char path[4096];
    if (getenv(variable)) return;
    ssize_t length = readlink("/proc/self/exe", path, sizeof path - 1);
    char **arguments = length < 0 ? NULL : program_arguments();
    if (!arguments || setenv(variable, "SkylakeX", 0) != 0) return;
    path[length] = '\0';
    fflush(NULL);
    execv(path, arguments);
    unsetenv(variable);
}

void cpu_blas_prepare(void)
{
    if (kernels_too_narrow()) restart_with_wide_kernels();
    openblas_set_num_threads(1);
}
