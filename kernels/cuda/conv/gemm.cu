/* Windows by products of matrices, without a copy of the windows. Neighbouring windows overlap, so the rows
 * of the matrix of windows would stand closer than they are wide. Every q-th window does not overlap where q
 * hops are at least a width: q products, each on a q-th of the rows, read the data in place.
 *
 * Windows that reach beyond their sample are left to window-direct.cu. Where the fine side has `stride` rows
 * for each coarse one, a sample's windows go on where those of the sample before end: the batch is one long
 * sample then, the rows where samples meet are wrong, and made right after. */
#include "kernels/cuda/base/bf16.cuh"
#include "kernels/cuda/base/sums.cuh"
#include "kernels/cuda/base/vectors.cuh"
#include "kernels/cuda/conv/algorithms.cuh"
#include "kernels/cuda/matrix/gemm.cuh"

enum { THREADS = 256, LEAST = 16, MULTIPLE = 8 };

/* Rows first … end - 1. */
struct span {
    int first, end;
};

static int ceiling(int a, int b)
{
    return (a + b - 1) / b;
}

bool window_product_possible(const struct window *w)
{
    return w->coarse_channels % MULTIPLE == 0 && w->fine_channels % MULTIPLE == 0 &&
           w->coarse_channels >= LEAST && w->fine_channels >= LEAST;
}

/* A sample's part of the gradient, or a copy of the weight; what is left to window-direct.cu comes after. */
size_t window_product_scratch(const struct window *w)
{
    size_t bytes = (size_t)w->batch * window_weights(w) * sizeof(float), other = window_direct_scratch(w);
    return bytes > other ? bytes : other;
}

/* The coarse rows whose windows lie inside the sample. */
static span coarse_inside(const struct window *w)
{
    int reach = w->fine + w->padding - w->kernel;
    span s = {ceiling(w->padding, w->stride), reach < 0 ? 0 : min(reach / w->stride + 1, w->coarse)};
    return s;
}

/* Taps of the kernel at the fine rows i with (i + padding) mod stride = residue. */
__host__ __device__ static inline int taps(const window &w, int residue)
{
    return residue < w.kernel ? (w.kernel - residue + w.stride - 1) / w.stride : 0;
}

/* The fine rows that every tap meets inside the sample. */
static span fine_inside(const struct window *w)
{
    span s = {max(0, (taps(*w, 0) - 1) * w->stride - w->padding),
              min(w->fine, w->coarse * w->stride - w->padding)};
    return s;
}

static window_rows outside(span s, int count)
{
    window_rows rows = {count - (s.end - s.first), s.first, s.end - s.first};
    return rows;
}

/* The batch as one sample, where it can be. */
static struct window joined(const struct window *w)
{
    struct window one = *w;
    if (w->fine == w->coarse * w->stride && (size_t)w->batch * w->fine < INT32_MAX / 2)
        one.batch = 1, one.coarse *= w->batch, one.fine *= w->batch;
    return one;
}

static struct matrix matrix_at(view x, ptrdiff_t value, int stride, size_t step)
{
    struct matrix m = {(char *)x.data + value * (x.bf16 ? 2 : 4), x.bf16, stride, step};
    return m;
}

/* One side of the rows of a gemm: the first value of the first row, values from row to row and from sample
 * to sample. */
struct side {
    view data;
    ptrdiff_t first;
    int hop;
    size_t sample;
};

/* Every apart-th row from row `first` on; by `samples` the gemm's batch goes on, or by rows. */
static void multiply_rows(const side &result, const side &windows, matrix weight, struct gemm p, int first,
                          int apart, bool samples)
{
    matrix c = matrix_at(result.data, result.first + (ptrdiff_t)first * result.hop, apart * result.hop,
                         samples ? result.sample : (size_t)result.hop);
    matrix a = matrix_at(windows.data, windows.first + (ptrdiff_t)first * windows.hop, apart * windows.hop,
                         samples ? windows.sample : (size_t)windows.hop);
    if (p.rows && p.batch) cuda_gemm(c, a, weight, p);
}

/* `count` rows of each sample; of one sample, all sets of rows that do not overlap in one gemm. */
static void multiply(const side &result, const side &windows, matrix weight, struct gemm p, int count,
                     int apart)
{
    if (p.batch > 1) {
        for (int set = 0; set < apart && set < count; set++) {
            p.rows = ceiling(count - set, apart);
            multiply_rows(result, windows, weight, p, set, apart, true);
        }
        return;
    }
    p.rows = count / apart, p.batch = apart;
    multiply_rows(result, windows, weight, p, 0, apart, false);
    p.batch = count % apart, p.rows = 1;
    multiply_rows(result, windows, weight, p, count - p.batch, apart, false);
}

/* The weight as factors beside data of that type are. */
static view weight_like(const struct window *w, const float *weight, bool bf16)
{
    view from = {(void *)(uintptr_t)weight, false}, to = {NULL, true};
    if (!bf16) return from;
    to.data = cuda_workspace(WORKSPACE_CONV, window_weights(w) * sizeof(uint16_t));
    cuda_convert(to, from, window_weights(w));
    return to;
}

void window_product_correlate(const struct window *w, view coarse, view fine, const float *weight,
                              const float *bias)
{
    span rows = coarse_inside(w);
    if (rows.end > rows.first) {
        struct window one = joined(w);
        int a = w->coarse_channels, hop = w->stride * w->fine_channels, width = window_width(*w);
        span all = coarse_inside(&one);
        side result = {coarse, (ptrdiff_t)all.first * a, a, (size_t)w->coarse * a};
        side windows = {fine, (ptrdiff_t)(all.first * w->stride - w->padding) * w->fine_channels, hop,
                        (size_t)w->fine * w->fine_channels};
        struct gemm p = {0, a, width, false, true, one.batch, 1, 0, bias, false};
        multiply(result, windows, matrix_at(weight_like(w, weight, fine.bf16), 0, width, 0), p,
                 all.end - all.first, ceiling(width, hop));
    } else
        rows.first = rows.end = 0;
    window_direct_correlate(w, coarse, fine, weight, bias, outside(rows, w->coarse));
}

/* The weight as a matrix (tap, a, b) for each residue of the stride, the last tap first: a fine row of that
 * residue is the gemm of successive coarse rows with it. */
static __global__ void arrange(window w, view arranged, const float *weight)
{
    size_t i = (size_t)blockIdx.x * blockDim.x + threadIdx.x, b = (size_t)w.fine_channels;
    size_t k = i / b % w.kernel, a = i / b / w.kernel, matrix = b * w.coarse_channels;
    int residue = (int)k % w.stride, before = 0;
    if (a >= (size_t)w.coarse_channels) return;
    for (int r = 0; r < residue; r++) before += taps(w, r);
    size_t tap = (size_t)(before + taps(w, residue) - 1 - (int)k / w.stride);
    store(arranged, tap * matrix + a * b + i % b, weight[i]);
}

static view arranged_weight(const struct window *w, const float *weight, bool bf16)
{
    size_t count = window_weights(w);
    view to = {cuda_workspace(WORKSPACE_CONV, count * (bf16 ? sizeof(uint16_t) : sizeof(float))), bf16};
    launch(arrange, blocks_for(count, THREADS), THREADS, 0, *w, to, weight);
    return to;
}

/* Rows that no tap meets. A thread N values. */
template <int N> static __global__ void fill(window w, view fine, const float *bias, span rows)
{
    size_t vecs = (size_t)w.fine_channels / N, i = (size_t)blockIdx.x * blockDim.x + threadIdx.x;
    size_t count = rows.end - rows.first, n = i / vecs, sample = n / count;
    int row = rows.first + (int)(n % count), b = (int)(i % vecs) * N;
    vec<N> values = {};
    if (sample >= (size_t)w.batch || (row + w.padding) % w.stride < w.kernel) return;
    for (int c = 0; bias && c < N; c++) values.v[c] = bias[b + c];
    store_vec<N>(fine, (sample * w.fine + row) * w.fine_channels + b, values);
}

static void spread_residue(const struct window *w, view fine, view coarse, view weight, const float *bias,
                           int residue)
{
    int a = w->coarse_channels, b = w->fine_channels, depth = taps(*w, residue);
    int first = max(taps(*w, 0) - 1, ceiling(max(w->padding - residue, 0), w->stride));
    int end = min(w->coarse, ceiling(w->fine + w->padding - residue, w->stride));
    side result = {fine, (ptrdiff_t)(first * w->stride + residue - w->padding) * b, w->stride * b,
                   (size_t)w->fine * b};
    side windows = {coarse, (ptrdiff_t)(first - depth + 1) * a, a, (size_t)w->coarse * a};
    struct gemm p = {0, b, depth * a, false, false, w->batch, 1, 0, bias, false};
    if (end > first) multiply(result, windows, matrix_at(weight, 0, b, 0), p, end - first, depth);
}

void window_product_spread(const struct window *w, view fine, view coarse, const float *weight,
                           const float *bias)
{
    span rows = fine_inside(w);
    if (rows.end > rows.first) {
        struct window one = joined(w);
        view arranged = arranged_weight(w, weight, coarse.bf16);
        size_t matrix = (size_t)w->coarse_channels * w->fine_channels * (coarse.bf16 ? 2 : 4);
        for (int residue = 0; residue < w->stride && residue < w->kernel; residue++) {
            spread_residue(&one, fine, coarse, arranged, bias, residue);
            arranged.data = (char *)arranged.data + (size_t)taps(*w, residue) * matrix;
        }
        int vec = vec_size((size_t)w->fine_channels, fine);
        size_t vecs = (size_t)w->batch * (rows.end - rows.first) * (w->fine_channels / vec);
        if (w->stride > w->kernel)
            LAUNCH_VEC(vec, fill, blocks_for(vecs, THREADS), THREADS, 0, *w, fine, bias, rows);
    } else
        rows.first = rows.end = 0;
    window_direct_spread(w, fine, coarse, weight, bias, outside(rows, w->fine));
}

/* A part of the gradient for each sample. */
static void gradient_inside(const struct window *w, float *dweight, view coarse, view fine, span rows)
{
    int a = w->coarse_channels, hop = w->stride * w->fine_channels, width = window_width(*w);
    int apart = ceiling(width, hop), count = rows.end - rows.first;
    size_t weights = window_weights(w);
    matrix parts = {cuda_workspace(WORKSPACE_CONV, w->batch * weights * sizeof(float)), false, width,
                    weights};
    for (int set = 0; set < apart && set < count; set++) {
        int row = rows.first + set;
        matrix left = matrix_at(coarse, (ptrdiff_t)row * a, apart * a, (size_t)w->coarse * a);
        matrix right = matrix_at(fine, (ptrdiff_t)(row * w->stride - w->padding) * w->fine_channels,
                                 apart * hop, (size_t)w->fine * w->fine_channels);
        struct gemm p = {a,        width, ceiling(count - set, apart), true, false,
                         w->batch, 1,     set ? 1.0f : 0.0f,           NULL, false};
        cuda_gemm(parts, left, right, p);
    }
    cuda_add_partial_sums(dweight, (const float *)parts.data, w->batch, (int)weights, 1, true);
}

void window_product_gradient(const struct window *w, float *dweight, view coarse, view fine)
{
    span rows = coarse_inside(w);
    if (rows.end > rows.first)
        gradient_inside(w, dweight, coarse, fine, rows);
    else
        rows.first = rows.end = 0;
    window_direct_gradient(w, dweight, coarse, fine, outside(rows, w->coarse));
}
