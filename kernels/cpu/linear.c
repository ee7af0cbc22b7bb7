/* Fully connected layers. */
#include <string.h>

#include "kernels/cpu/cpu.h"

enum {
    TILES_LEAST = 8, /* so many parts are wanted of a product */
    SLICES = 16,
    EDGE_MOST = 512,
    EDGE_LEAST = 64,
    SLICED_VALUES = 4096, /* a result as small as this is cut along the sum instead … */
    SLICED_DEPTH = 4096,  /* … where that is as long as this */
    SUM_COLUMNS = 64,
    SUM_ROWS = 128
};

/* c (m, n) = op(a) (m, k) op(b) (k, n), + c where `add`, + bias (n) where there is one, then ReLU where
 * asked. */
struct product {
    bool transpose_a, transpose_b, add, relu;
    int m, n, k;
    const real *a, *b, *bias;
    int lda, ldb;
    real *c;
};

/* One part of the product: rows i … of c, columns j …, terms l … of the sum. */
static void multiply(const struct product *p, int i, int m, int j, int n, int l, int k, bool add, real *c,
                     int ldc)
{
    const real *a = p->a + (p->transpose_a ? (size_t)l * p->lda + i : (size_t)i * p->lda + l);
    const real *b = p->b + (p->transpose_b ? (size_t)j * p->ldb + l : (size_t)l * p->ldb + j);
    cpu_gemm(p->transpose_a, p->transpose_b, m, n, k, 1, a, p->lda, b, p->ldb, add, c, ldc);
}

static void finish(const struct product *p, int i, int m, int j, int n)
{
    if (!p->bias && !p->relu) return;
    for (int row = i; row < i + m; row++) {
        real *c = p->c + (size_t)row * p->n;
        for (int column = j; p->bias && column < j + n; column++) c[column] += p->bias[column];
        for (int column = j; p->relu && column < j + n; column++) c[column] = c[column] > 0 ? c[column] : 0;
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

static void multiply_tiles(const struct product *p)
{
    int rows = smaller(p->m, EDGE_MOST), columns = smaller(p->n, EDGE_MOST * EDGE_MOST / rows);
    while ((int64_t)parts(p->m, rows) * parts(p->n, columns) < TILES_LEAST &&
           (rows > EDGE_LEAST || columns > EDGE_LEAST))
        if (columns >= rows)
            columns = (columns + 1) / 2;
        else
            rows = (rows + 1) / 2;
#pragma omp parallel for collapse(2) schedule(dynamic)
    for (int i = 0; i < p->m; i += rows)
        for (int j = 0; j < p->n; j += columns) {
            int m = smaller(rows, p->m - i), n = smaller(columns, p->n - j);
            multiply(p, i, m, j, n, 0, p->k, p->add, p->c + (size_t)i * p->n + j, p->n);
            finish(p, i, m, j, n);
        }
}

/* A small result of long sums: slices of the sums side by side, then added in order. */
static void multiply_slices(const struct product *p)
{
    real slices[SLICES][SLICED_VALUES];
    int values = p->m * p->n, depth = parts(p->k, SLICES);
#pragma omp parallel for schedule(dynamic)
    for (int s = 0; s < SLICES; s++) {
        int l = smaller(s * depth, p->k);
        multiply(p, 0, p->m, 0, p->n, l, smaller(depth, p->k - l), false, slices[s], p->n);
    }
    for (int s = 0; s < SLICES; s++)
        for (int i = 0; i < values; i++) p->c[i] = s || p->add ? p->c[i] + slices[s][i] : slices[s][i];
    finish(p, 0, p->m, 0, p->n);
}

static void product(const struct product *p)
{
    if (p->m == 0 || p->n == 0) return;
    if ((int64_t)p->m * p->n <= SLICED_VALUES && p->k >= SLICED_DEPTH)
        multiply_slices(p);
    else
        multiply_tiles(p);
}

static int rows_of(struct tensor x)
{
    return x.batch * x.length;
}

void cpu_linear(struct tensor y, struct tensor x, device weight, device bias, bool relu)
{
    product(&(struct product){.transpose_b = true,
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

/* Some columns of dy: masked where y is not positive (y NULL: no mask), and their sums added to dbias. */
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
    struct product by_x = {.add = add,
                           .m = rows,
                           .n = in,
                           .k = out,
                           .a = cpu_values(dy.data),
                           .lda = out,
                           .b = cpu_values(weight),
                           .ldb = in,
                           .c = cpu_values(dx.data)};
    struct product by_weight = {.transpose_a = true,
                                .add = true,
                                .m = out,
                                .n = in,
                                .k = rows,
                                .a = cpu_values(dy.data),
                                .lda = out,
                                .b = cpu_values(x.data),
                                .ldb = in,
                                .c = cpu_values(dweight)};
    if (dx.data) product(&by_x);
    if (dweight) product(&by_weight);
}
