/* Convolutions as matrix products, without a copy of the windows. Neighbouring windows overlap, so the rows
 * of the matrix of windows would stand closer than they are wide, which BLAS refuses. Every q-th window does
 * not overlap where q hops are at least a width: q products, each on a q-th of the rows, read the data in
 * place. */
#include "kernels/cpu/conv.h"

#include <string.h>

#include "kernels/cpu/cpu.h"

/* A fine side narrower than this is spread through a small matrix of windows. */
enum { NARROW = 64, NARROW_ROWS = 128 };

static int ceiling(int a, int b)
{
    return (a + b - 1) / b;
}

static int width(const struct window *w)
{
    return w->kernel * w->fine_channels;
}

/* Taps of the kernel at the fine rows i with (i + padding) mod stride = phase. */
static int taps(const struct window *w, int phase)
{
    return phase < w->kernel ? ceiling(w->kernel - phase, w->stride) : 0;
}

size_t window_weight_count(const struct window *w)
{
    return (size_t)w->coarse_channels * (size_t)width(w);
}

struct rows window_covered(const struct window *w, struct rows coarse)
{
    int first = coarse.first * w->stride - w->padding;
    return (struct rows){first, first + (rows_count(coarse) - 1) * w->stride + w->kernel};
}

struct rows window_reaching(const struct window *w, struct rows fine)
{
    return (struct rows){(fine.first + w->padding) / w->stride - (taps(w, 0) - 1),
                         (fine.end - 1 + w->padding) / w->stride + 1};
}

struct rows window_share(const struct window *w, struct rows coarse)
{
    int end = coarse.end == w->coarse ? w->fine : coarse.end * w->stride - w->padding;
    return rows_cut((struct rows){coarse.first * w->stride - w->padding, end}, w->fine);
}

const real *window_rows(real *scratch, const real *x, int length, int channels, struct rows rows)
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

void window_correlate(const struct window *w, real *coarse, const real *fine, int count, const real *weight)
{
    int hop = w->stride * w->fine_channels, apart = ceiling(width(w), hop), n = w->coarse_channels;
    for (int phase = 0; phase < apart && phase < count; phase++)
        cpu_gemm(false, true, ceiling(count - phase, apart), n, width(w), 1, fine + (ptrdiff_t)phase * hop,
                 apart * hop, weight, width(w), 0, coarse + (ptrdiff_t)phase * n, apart * n);
}

void window_gradient(const struct window *w, real *dweight, const real *coarse, const real *fine, int count)
{
    int hop = w->stride * w->fine_channels, apart = ceiling(width(w), hop), m = w->coarse_channels;
    for (int phase = 0; phase < apart && phase < count; phase++)
        cpu_gemm(true, false, m, width(w), ceiling(count - phase, apart), 1, coarse + (ptrdiff_t)phase * m,
                 apart * m, fine + (ptrdiff_t)phase * hop, apart * hop, 1, dweight, width(w));
}

/* For each phase of the stride a matrix (tap, a, b), the last tap first: a fine row of that phase is the
 * product of successive coarse rows with it. */
void window_arrange(const struct window *w, real *arranged, const real *weight)
{
    size_t b = (size_t)w->fine_channels;
    if (width(w) < NARROW) {
        memcpy(arranged, weight, window_weight_count(w) * sizeof *weight);
        return;
    }
    for (int phase = 0; phase < w->stride; phase++)
        for (int tap = taps(w, phase) - 1; tap >= 0; tap--)
            for (int a = 0; a < w->coarse_channels; a++, arranged += b)
                memcpy(arranged, weight + ((size_t)a * w->kernel + phase + (size_t)tap * w->stride) * b,
                       b * sizeof *weight);
}

/* Adds windows (count, width), the first at fine row `first`, to the range's rows. */
static void add_windows(const struct window *w, real *fine, struct rows range, const real *windows, int count,
                        int first)
{
    int b = w->fine_channels;
    for (int o = 0; o < count; o++, first += w->stride, windows += width(w)) {
        int from = range.first > first ? range.first - first : 0;
        int to = range.end < first + w->kernel ? range.end - first : w->kernel;
        real *at = fine + (ptrdiff_t)(first - range.first) * b;
        for (int i = from * b; i < to * b; i++) at[i] += windows[i];
    }
}

static void spread_narrow(const struct window *w, real *fine, struct rows range, const real *coarse,
                          const real *weight)
{
    real windows[NARROW_ROWS * NARROW];
    struct rows reaching = window_reaching(w, range);
    memset(fine, 0, (size_t)rows_count(range) * (size_t)w->fine_channels * sizeof *fine);
    for (int o = reaching.first; o < reaching.end; o += NARROW_ROWS) {
        int count = reaching.end - o < NARROW_ROWS ? reaching.end - o : NARROW_ROWS;
        cpu_gemm(false, false, count, width(w), w->coarse_channels, 1, coarse, w->coarse_channels, weight,
                 width(w), 0, windows, width(w));
        add_windows(w, fine, range, windows, count, o * w->stride - w->padding);
        coarse += (ptrdiff_t)count * w->coarse_channels;
    }
}

/* The range's fine rows of one phase, from row i on. `coarse` is the first of the coarse rows that row i
 * needs. */
static void spread_phase(const struct window *w, real *fine, int count, const real *coarse,
                         const real *arranged, int depth)
{
    int a = w->coarse_channels, b = w->fine_channels;
    for (int start = 0; start < depth && start < count; start++)
        cpu_gemm(false, false, ceiling(count - start, depth), b, depth * a, 1, coarse + (ptrdiff_t)start * a,
                 depth * a, arranged, b, 0, fine + (ptrdiff_t)start * w->stride * b, depth * w->stride * b);
}

static void clear_phase(const struct window *w, real *fine, int count)
{
    size_t b = (size_t)w->fine_channels;
    for (int i = 0; i < count; i++) memset(fine + (size_t)i * w->stride * b, 0, b * sizeof *fine);
}

void window_spread(const struct window *w, real *fine, struct rows range, const real *coarse,
                   const real *arranged)
{
    if (width(w) < NARROW) {
        spread_narrow(w, fine, range, coarse, arranged);
        return;
    }
    int origin = window_reaching(w, range).first;
    for (int phase = 0; phase < w->stride; phase++) {
        int depth = taps(w, phase);
        int shift = (phase - (range.first + w->padding) % w->stride + w->stride) % w->stride;
        int i = range.first + shift, count = i < range.end ? ceiling(range.end - i, w->stride) : 0;
        int newest = (i + w->padding) / w->stride; /* the last coarse row that row i needs */
        real *at = fine + (ptrdiff_t)shift * w->fine_channels;
        if (depth == 0)
            clear_phase(w, at, count);
        else
            spread_phase(w, at, count, coarse + (ptrdiff_t)(newest - depth + 1 - origin) * w->coarse_channels,
                         arranged, depth);
        arranged += (size_t)depth * w->coarse_channels * w->fine_channels;
    }
}
