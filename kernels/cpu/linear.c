/* Fully connected layers. */
#include <string.h>

#include "kernels/cpu/cpu.h"

enum {
    TILES_LEAST = 8, /* tiles of a gemm, at least, where they are not too small */
    EDGE_MOST = 512, /* rows or columns of a tile */
    EDGE_LEAST = 64,
    SPLIT_PARTS = 16,    /* split-k into so many parts … */
    SPLIT_VALUES = 4096, /* … where a result has at most so many values … */
    SPLIT_DEPTH = 4096,  /* … and k is at least this */
    SUM_COLUMNS = 64,    /* column sums: columns at a time … */
    SUM_ROWS = 128       /* … and rows that are summed in reals before doubles */
};

/* c (m, n) = op(a) (m, k) op(b) (k, n), + c where `add`, + bias (n) where there is one, then ReLU where
 * asked. */
struct gemm {
    bool transpose_a, transpose_b, add, relu;
    int m, n, k;
    const real *a, *b, *bias;
    int lda, ldb;
    real *c;
};

/* One part of the gemm: m rows of c from i on, n columns from j on, k terms of the sum from l on. */
static void gemm_part(const struct gemm *gemm, int i, int m, int j, int n, int l, int k, bool add, real *c,
                      int ldc)
{
    const real *a = gemm->a + (gemm->transpose_a ? (size_t)l * gemm->lda + i : (size_t)i * gemm->lda + l);
    const real *b = gemm->b + (gemm->transpose_b ? (size_t)j * gemm->ldb + l : (size_t)l * gemm->ldb + j);
    cpu_gemm(gemm->transpose_a, gemm->transpose_b, m, n, k, 1, a, gemm->lda, b, gemm->ldb, add, c, ldc);
}

static void epilogue(const struct gemm *gemm, int i, int m, int j, int n)
{
    if (!gemm->bias && !gemm->relu) return;
    for (int row = i; row < i + m; row++) {
        real *c = gemm->c + (size_t)row * gemm->n;
        for (int column = j; gemm->bias && column < j + n; column++) c[column] += gemm->bias[column];
        for (int column = j; gemm->relu && column < j + n; column++)
            c[column] = c[column] > 0 ? c[column] : 0;
    }
}

static int parts(int whole, int edge)
{
    return (whole + edge - 1) / edge;
}

static int smaller(int a, int b)
{
    return a < b ? a : b;
}

static void gemm_tiles(const struct gemm *gemm)
{
    int rows = smaller(gemm->m, EDGE_MOST), columns = smaller(gemm->n, EDGE_MOST * EDGE_MOST / rows);
    while ((int64_t)parts(gemm->m, rows) * parts(gemm->n, columns) < TILES_LEAST &&
           (rows > EDGE_LEAST || columns > EDGE_LEAST))
        if (columns >= rows)
            columns = (columns + 1) / 2;
        else
            rows = (rows + 1) / 2;
#pragma omp parallel for collapse(2) schedule(dynamic)
    for (int i = 0; i < gemm->m; i += rows)
        for (int j = 0; j < gemm->n; j += columns) {
            int m = smaller(rows, gemm->m - i), n = smaller(columns, gemm->n - j);
            gemm_part(gemm, i, m, j, n, 0, gemm->k, gemm->add, gemm->c + (size_t)i * gemm->n + j, gemm->n);
            epilogue(gemm, i, m, j, n);
        }
}

/* Split-k, for a small result of long sums: partial sums in parallel, then added in order. */
static void gemm_split_k(const struct gemm *gemm)
{
    real partial[SPLIT_PARTS][SPLIT_VALUES];
    int values = gemm->m * gemm->n, depth = parts(gemm->k, SPLIT_PARTS);
#pragma omp parallel for schedule(dynamic)
    for (int s = 0; s < SPLIT_PARTS; s++) {
        int l = smaller(s * depth, gemm->k);
        gemm_part(gemm, 0, gemm->m, 0, gemm->n, l, smaller(depth, gemm->k - l), false, partial[s], gemm->n);
    }
    for (int s = 0; s < SPLIT_PARTS; s++)
        for (int i = 0; i < values; i++)
            gemm->c[i] = s || gemm->add ? gemm->c[i] + partial[s][i] : partial[s][i];
    epilogue(gemm, 0, gemm->m, 0, gemm->n);
}

static void gemm_run(const struct gemm *gemm)
{
    if (gemm->m == 0 || gemm->n == 0) return;
    if ((int64_t)gemm->m * gemm->n <= SPLIT_VALUES && gemm->k >= SPLIT_DEPTH)
        gemm_split_k(gemm);
    else
        gemm_tiles(gemm);
}

static int rows_of(struct tensor x)
{
    return x.batch * x.length;
}

void cpu_linear(struct tensor y, struct tensor x, device weight, device bias, bool relu)
{
    gemm_run(&(struct gemm){.transpose_b = true,
                            .relu = relu,
                            .m = rows_of(y),
                            .n = y.channels,
                            .k = x.channels,
                            .a = cpu_values(x.data),
                            .lda = x.channels,
                            .b = cpu_values(weight),
                            .ldb = x.channels,
                            .bias = cpu_values(bias),
                            .c = cpu_values(y.data)});
}

/* Some columns of dy: set to 0 where y is not positive (y NULL: no mask); their sums are added to dbias. */
static void mask_and_sum(real *dy, const real *y, real *dbias, int rows, int columns, int channels)
{
    double total[SUM_COLUMNS] = {0};
    for (int start = 0; start < rows; start += SUM_ROWS) {
        real sum[SUM_COLUMNS] = {0};
        for (int i = start; i < rows && i < start + SUM_ROWS; i++) {
            size_t row = (size_t)i * channels;
            for (int c = 0; y && c < columns; c++) dy[row + c] = y[row + c] > 0 ? dy[row + c] : 0;
            for (int c = 0; c < columns; c++) sum[c] += dy[row + c];
        }
        for (int c = 0; c < columns; c++) total[c] += (double)sum[c];
    }
    for (int c = 0; dbias && c < columns; c++) dbias[c] += (real)total[c];
}

static void output_gradient(struct tensor dy, struct tensor y, device dbias, bool relu)
{
    if (!dbias && !relu) return;
#pragma omp parallel for schedule(dynamic)
    for (int c = 0; c < dy.channels; c += SUM_COLUMNS)
        mask_and_sum(cpu_values(dy.data) + c, relu ? cpu_values(y.data) + c : NULL,
                     dbias ? cpu_values(dbias) + c : NULL, rows_of(dy), smaller(SUM_COLUMNS, dy.channels - c),
                     dy.channels);
}

void cpu_linear_backward(struct tensor dx, device dweight, device dbias, struct tensor dy, struct tensor y,
                         struct tensor x, device weight, bool relu, bool add)
{
    int rows = rows_of(dy), in = x.channels, out = dy.channels;
    output_gradient(dy, y, dbias, relu);
    struct gemm by_x = {.add = add,
                        .m = rows,
                        .n = in,
                        .k = out,
                        .a = cpu_values(dy.data),
                        .lda = out,
                        .b = cpu_values(weight),
                        .ldb = in,
                        .c = cpu_values(dx.data)};
    struct gemm by_weight = {.transpose_a = true,
                             .add = true,
                             .m = out,
                             .n = in,
                             .k = rows,
                             .a = cpu_values(dy.data),
                             .lda = out,
                             .b = cpu_values(x.data),
                             .ldb = in,
                             .c = cpu_values(dweight)};
    if (dx.data) gemm_run(&by_x);
    if (dweight) gemm_run(&by_weight);
}
