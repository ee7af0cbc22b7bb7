/* Convolution by gemm, without im2col: the patches are read in place. Neighbouring patches overlap, so that
 * the rows of the matrix of patches would be closer together than they are long, which BLAS refuses. But
 * every q-th patch does not overlap where q strides are at least a patch: q gemms, each on a q-th of the
 * rows. */
#include "kernels/cpu/conv.h"

#include <string.h>

#include "kernels/cpu/cpu.h"

/* conv_transposed() computes patches of fewer values than this whole, SMALL_ROWS at a time, and overlap-adds
 * them. */
enum { SMALL_PATCH = 64, SMALL_ROWS = 128 };

static int ceiling(int a, int b)
{
    return (a + b - 1) / b;
}

static int patch_size(const struct conv *g)
{
    return g->kernel * g->fine_channels;
}

/* Taps of the kernel at the fine rows i with (i + padding) mod stride = phase. */
static int taps(const struct conv *g, int phase)
{
    return phase < g->kernel ? ceiling(g->kernel - phase, g->stride) : 0;
}

size_t conv_weight_count(const struct conv *g)
{
    return (size_t)g->coarse_channels * (size_t)patch_size(g);
}

struct rows conv_fine_rows(const struct conv *g, struct rows coarse)
{
    int first = coarse.first * g->stride - g->padding;
    return (struct rows){first, first + (rows_count(coarse) - 1) * g->stride + g->kernel};
}

struct rows conv_coarse_rows(const struct conv *g, struct rows fine)
{
    return (struct rows){(fine.first + g->padding) / g->stride - (taps(g, 0) - 1),
                         (fine.end - 1 + g->padding) / g->stride + 1};
}

struct rows conv_fine_share(const struct conv *g, struct rows coarse)
{
    int end = coarse.end == g->coarse ? g->fine : coarse.end * g->stride - g->padding;
    return rows_cut((struct rows){coarse.first * g->stride - g->padding, end}, g->fine);
}

const real *conv_padded_rows(real *scratch, const real *x, int length, int channels, struct rows rows)
{
    if (rows.first >= 0 && rows.end <= length) return x + (ptrdiff_t)rows.first * channels;
    struct rows inside = rows_cut(rows, length);
    size_t row = (size_t)channels * sizeof *x;
    memset(scratch, 0, (size_t)rows_count(rows) * row);
    if (rows_count(inside) && inside.first < rows.end)
        memcpy(scratch + (ptrdiff_t)(inside.first - rows.first) * channels,
               x + (ptrdiff_t)inside.first * channels, (size_t)rows_count(inside) * row);
    return scratch;
}

void conv_correlate(const struct conv *g, real *coarse, const real *fine, int count, const real *weight)
{
    int patch_stride = g->stride * g->fine_channels, sets = ceiling(patch_size(g), patch_stride),
        n = g->coarse_channels;
    for (int phase = 0; phase < sets && phase < count; phase++)
        cpu_gemm(false, true, ceiling(count - phase, sets), n, patch_size(g), 1,
                 fine + (ptrdiff_t)phase * patch_stride, sets * patch_stride, weight, patch_size(g), 0,
                 coarse + (ptrdiff_t)phase * n, sets * n);
}

void conv_weight_gradient(const struct conv *g, real *dweight, const real *coarse, const real *fine,
                          int count)
{
    int patch_stride = g->stride * g->fine_channels, sets = ceiling(patch_size(g), patch_stride),
        m = g->coarse_channels;
    for (int phase = 0; phase < sets && phase < count; phase++)
        cpu_gemm(true, false, m, patch_size(g), ceiling(count - phase, sets), 1,
                 coarse + (ptrdiff_t)phase * m, sets * m, fine + (ptrdiff_t)phase * patch_stride,
                 sets * patch_stride, 1, dweight, patch_size(g));
}

/* For each phase (row + padding) mod stride of the fine rows a matrix (tap, a, b), the last tap first: a fine
 * row of that phase is the product of consecutive coarse rows with it. */
void conv_arrange_weights(const struct conv *g, real *arranged, const real *weight)
{
    size_t b = (size_t)g->fine_channels;
    if (patch_size(g) < SMALL_PATCH) {
        memcpy(arranged, weight, conv_weight_count(g) * sizeof *weight);
        return;
    }
    for (int phase = 0; phase < g->stride; phase++)
        for (int tap = taps(g, phase) - 1; tap >= 0; tap--)
            for (int a = 0; a < g->coarse_channels; a++, arranged += b)
                memcpy(arranged, weight + ((size_t)a * g->kernel + phase + (size_t)tap * g->stride) * b,
                       b * sizeof *weight);
}

/* Adds patches (count, patch size), the first at fine row `first`, to the rows of the range. */
static void overlap_add(const struct conv *g, real *fine, struct rows range, const real *patches, int count,
                        int first)
{
    int b = g->fine_channels;
    for (int o = 0; o < count; o++, first += g->stride, patches += patch_size(g)) {
        int from = range.first > first ? range.first - first : 0;
        int to = range.end < first + g->kernel ? range.end - first : g->kernel;
        real *at = fine + (ptrdiff_t)(first - range.first) * b;
        for (int i = from * b; i < to * b; i++) at[i] += patches[i];
    }
}

static void transposed_small(const struct conv *g, real *fine, struct rows range, const real *coarse,
                             const real *weight)
{
    real patches[SMALL_ROWS * SMALL_PATCH];
    struct rows reaching = conv_coarse_rows(g, range);
    memset(fine, 0, (size_t)rows_count(range) * (size_t)g->fine_channels * sizeof *fine);
    for (int o = reaching.first; o < reaching.end; o += SMALL_ROWS) {
        int count = reaching.end - o < SMALL_ROWS ? reaching.end - o : SMALL_ROWS;
        cpu_gemm(false, false, count, patch_size(g), g->coarse_channels, 1, coarse, g->coarse_channels,
                 weight, patch_size(g), 0, patches, patch_size(g));
        overlap_add(g, fine, range, patches, count, o * g->stride - g->padding);
        coarse += (ptrdiff_t)count * g->coarse_channels;
    }
}

/* Fine rows of one phase: `count` rows, `stride` apart. `coarse` is the first of the coarse rows that the
 * first of them needs; depth: taps of the phase. */
static void transposed_phase(const struct conv *g, real *fine, int count, const real *coarse,
                             const real *arranged, int depth)
{
    int a = g->coarse_channels, b = g->fine_channels;
    for (int start = 0; start < depth && start < count; start++)
        cpu_gemm(false, false, ceiling(count - start, depth), b, depth * a, 1, coarse + (ptrdiff_t)start * a,
                 depth * a, arranged, b, 0, fine + (ptrdiff_t)start * g->stride * b, depth * g->stride * b);
}

static void clear_phase(const struct conv *g, real *fine, int count)
{
    size_t b = (size_t)g->fine_channels;
    for (int i = 0; i < count; i++) memset(fine + (size_t)i * g->stride * b, 0, b * sizeof *fine);
}

void conv_transposed(const struct conv *g, real *fine, struct rows range, const real *coarse,
                     const real *arranged)
{
    if (patch_size(g) < SMALL_PATCH) {
        transposed_small(g, fine, range, coarse, arranged);
        return;
    }
    int origin = conv_coarse_rows(g, range).first;
    for (int phase = 0; phase < g->stride; phase++) {
        int depth = taps(g, phase);
        int shift = (phase - (range.first + g->padding) % g->stride + g->stride) % g->stride;
        int i = range.first + shift, count = i < range.end ? ceiling(range.end - i, g->stride) : 0;
        int newest = (i + g->padding) / g->stride; /* the last coarse row that row i needs */
        real *at = fine + (ptrdiff_t)shift * g->fine_channels;
        if (depth == 0)
            clear_phase(g, at, count);
        else
            transposed_phase(g, at, count,
                             coarse + (ptrdiff_t)(newest - depth + 1 - origin) * g->coarse_channels, arranged,
                             depth);
        arranged += (size_t)depth * g->coarse_channels * g->fine_channels;
    }
}
