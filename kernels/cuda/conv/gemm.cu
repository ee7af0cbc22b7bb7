/* Convolution by gemm, without im2col: the patches are read in place.
 *
 * Neighbouring patches overlap, so that the rows of the matrix of patches would be closer together than they
 * are long. But every q-th patch does not overlap where q strides are at least a patch: q gemms (or one
 * batched gemm), each on a q-th of the rows, with a leading dimension of q strides.
 *
 * Patches that reach beyond their sample are left to direct.cu. Where fine = coarse * stride, the patches of
 * one sample continue where those of the sample before end: then the batch is computed as one long sample,
 * and the rows where samples meet, which come out wrong, are overwritten by direct.cu. */
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

bool conv_gemm_possible(const struct conv *g)
{
    return g->coarse_channels % MULTIPLE == 0 && g->fine_channels % MULTIPLE == 0 &&
           g->coarse_channels >= LEAST && g->fine_channels >= LEAST;
}

/* A partial weight gradient for each sample, or a copy of the weight; direct.cu reuses the memory after. */
size_t conv_gemm_scratch(const struct conv *g)
{
    size_t bytes = (size_t)g->batch * conv_weight_count(g) * sizeof(float), other = conv_direct_scratch(g);
    return bytes > other ? bytes : other;
}

/* The coarse rows whose patches lie inside the sample. */
static span coarse_inside(const struct conv *g)
{
    int reach = g->fine + g->padding - g->kernel;
    span s = {ceiling(g->padding, g->stride), reach < 0 ? 0 : min(reach / g->stride + 1, g->coarse)};
    return s;
}

/* Taps of the kernel at the fine rows i with (i + padding) mod stride = phase. */
__host__ __device__ static inline int taps(const conv &g, int phase)
{
    return phase < g.kernel ? (g.kernel - phase + g.stride - 1) / g.stride : 0;
}

/* The fine rows all of whose taps meet coarse rows inside the sample. */
static span fine_inside(const struct conv *g)
{
    span s = {max(0, (taps(*g, 0) - 1) * g->stride - g->padding),
              min(g->fine, g->coarse * g->stride - g->padding)};
    return s;
}

/* The rows that are not in the span. */
static conv_rows outside(span s, int count)
{
    conv_rows rows = {count - (s.end - s.first), s.first, s.end - s.first};
    return rows;
}

/* The batch as one long sample, where that is possible; else as it is. */
static struct conv batch_as_one_sample(const struct conv *g)
{
    struct conv one = *g;
    if (g->fine == g->coarse * g->stride && (size_t)g->batch * g->fine < INT32_MAX / 2)
        one.batch = 1, one.coarse *= g->batch, one.fine *= g->batch;
    return one;
}

static struct matrix matrix_at(view x, ptrdiff_t value, int stride, size_t batch_stride)
{
    struct matrix m = {(char *)x.data + value * (x.bf16 ? 2 : 4), x.bf16, stride, batch_stride};
    return m;
}

/* The rows of a matrix of a gemm in a tensor: the index of the first row's first value, the values from row
 * to row, and from sample to sample. */
struct strided_rows {
    view data;
    ptrdiff_t first;
    int stride;
    size_t sample;
};

/* Every sets-th row from row `first` on. The batch of the gemm runs over samples, or over first rows. */
static void multiply_rows(const strided_rows &result, const strided_rows &patches, matrix weight,
                          struct gemm gemm, int first, int sets, bool samples)
{
    matrix c = matrix_at(result.data, result.first + (ptrdiff_t)first * result.stride, sets * result.stride,
                         samples ? result.sample : (size_t)result.stride);
    matrix a = matrix_at(patches.data, patches.first + (ptrdiff_t)first * patches.stride,
                         sets * patches.stride, samples ? patches.sample : (size_t)patches.stride);
    if (gemm.rows && gemm.batch) cuda_gemm(c, a, weight, gemm);
}

/* `count` rows of each sample, in `sets` sets of rows that do not overlap: a gemm for each set, batched over
 * the samples; for one sample one gemm, batched over the sets, and one more for the rows left over. */
static void multiply(const strided_rows &result, const strided_rows &patches, matrix weight, struct gemm gemm,
                     int count, int sets)
{
    if (gemm.batch > 1) {
        for (int set = 0; set < sets && set < count; set++) {
            gemm.rows = ceiling(count - set, sets);
            multiply_rows(result, patches, weight, gemm, set, sets, true);
        }
        return;
    }
    gemm.rows = count / sets, gemm.batch = sets;
    multiply_rows(result, patches, weight, gemm, 0, sets, false);
    gemm.batch = count % sets, gemm.rows = 1;
    multiply_rows(result, patches, weight, gemm, count - gemm.batch, sets, false);
}

/* The weight as the data it is multiplied with: float, or converted to bf16. */
static view weight_like(const struct conv *g, const float *weight, bool bf16)
{
    view from = {(void *)(uintptr_t)weight, false}, to = {NULL, true};
    if (!bf16) return from;
    to.data = cuda_workspace(WORKSPACE_CONV, conv_weight_count(g) * sizeof(uint16_t));
    cuda_convert(to, from, conv_weight_count(g));
    return to;
}

void conv_gemm_correlate(const struct conv *g, view coarse, view fine, const float *weight, const float *bias)
{
    span rows = coarse_inside(g);
    if (rows.end > rows.first) {
        struct conv one = batch_as_one_sample(g);
        int a = g->coarse_channels, stride = g->stride * g->fine_channels, width = conv_patch_size(*g);
        span all = coarse_inside(&one);
        strided_rows result = {coarse, (ptrdiff_t)all.first * a, a, (size_t)g->coarse * a};
        strided_rows patches = {fine, (ptrdiff_t)(all.first * g->stride - g->padding) * g->fine_channels,
                                stride, (size_t)g->fine * g->fine_channels};
        struct gemm gemm = {0, a, width, false, true, one.batch, 1, 0, bias, false};
        multiply(result, patches, matrix_at(weight_like(g, weight, fine.bf16), 0, width, 0), gemm,
                 all.end - all.first, ceiling(width, stride));
    } else
        rows.first = rows.end = 0;
    conv_direct_correlate(g, coarse, fine, weight, bias, outside(rows, g->coarse));
}

/* Rearranges the weight into a matrix (tap, a, b) for each phase (row + padding) mod stride of the fine rows,
 * the last tap first: a fine row of that phase is the product of consecutive coarse rows with that matrix. */
static __global__ void arrange_weights(conv g, view arranged, const float *weight)
{
    size_t i = (size_t)blockIdx.x * blockDim.x + threadIdx.x, b = (size_t)g.fine_channels;
    size_t k = i / b % g.kernel, a = i / b / g.kernel, matrix = b * g.coarse_channels;
    int phase = (int)k % g.stride, before = 0;
    if (a >= (size_t)g.coarse_channels) return;
    for (int r = 0; r < phase; r++) before += taps(g, r);
    size_t tap = (size_t)(before + taps(g, phase) - 1 - (int)k / g.stride);
    store(arranged, tap * matrix + a * b + i % b, weight[i]);
}

static view arranged_weights(const struct conv *g, const float *weight, bool bf16)
{
    size_t count = conv_weight_count(g);
    view to = {cuda_workspace(WORKSPACE_CONV, count * (bf16 ? sizeof(uint16_t) : sizeof(float))), bf16};
    launch(arrange_weights, blocks_for(count, THREADS), THREADS, 0, *g, to, weight);
    return to;
}

/* Fills the fine rows that no tap meets (stride > kernel) with the bias; a thread fills N values. */
template <int N> static __global__ void fill(conv g, view fine, const float *bias, span rows)
{
    size_t vecs = (size_t)g.fine_channels / N, i = (size_t)blockIdx.x * blockDim.x + threadIdx.x;
    size_t count = rows.end - rows.first, n = i / vecs, sample = n / count;
    int row = rows.first + (int)(n % count), b = (int)(i % vecs) * N;
    vec<N> values = {};
    if (sample >= (size_t)g.batch || (row + g.padding) % g.stride < g.kernel) return;
    for (int c = 0; bias && c < N; c++) values.v[c] = bias[b + c];
    store_vec<N>(fine, (sample * g.fine + row) * g.fine_channels + b, values);
}

static void transposed_phase(const struct conv *g, view fine, view coarse, view weight, const float *bias,
                             int phase)
{
    int a = g->coarse_channels, b = g->fine_channels, depth = taps(*g, phase);
    int first = max(taps(*g, 0) - 1, ceiling(max(g->padding - phase, 0), g->stride));
    int end = min(g->coarse, ceiling(g->fine + g->padding - phase, g->stride));
    strided_rows result = {fine, (ptrdiff_t)(first * g->stride + phase - g->padding) * b, g->stride * b,
                           (size_t)g->fine * b};
    strided_rows patches = {coarse, (ptrdiff_t)(first - depth + 1) * a, a, (size_t)g->coarse * a};
    struct gemm gemm = {0, b, depth * a, false, false, g->batch, 1, 0, bias, false};
    if (end > first) multiply(result, patches, matrix_at(weight, 0, b, 0), gemm, end - first, depth);
}

void conv_gemm_transposed(const struct conv *g, view fine, view coarse, const float *weight,
                          const float *bias)
{
    span rows = fine_inside(g);
    if (rows.end > rows.first) {
        struct conv one = batch_as_one_sample(g);
        view arranged = arranged_weights(g, weight, coarse.bf16);
        size_t matrix = (size_t)g->coarse_channels * g->fine_channels * (coarse.bf16 ? 2 : 4);
        for (int phase = 0; phase < g->stride && phase < g->kernel; phase++) {
            transposed_phase(&one, fine, coarse, arranged, bias, phase);
            arranged.data = (char *)arranged.data + (size_t)taps(*g, phase) * matrix;
        }
        int vec = vec_size((size_t)g->fine_channels, fine);
        size_t vecs = (size_t)g->batch * (rows.end - rows.first) * (g->fine_channels / vec);
        if (g->stride > g->kernel)
            LAUNCH_VEC(vec, fill, blocks_for(vecs, THREADS), THREADS, 0, *g, fine, bias, rows);
    } else
        rows.first = rows.end = 0;
    conv_direct_transposed(g, fine, coarse, weight, bias, outside(rows, g->fine));
}

/* The gradient from the patches inside their samples: a partial gradient for each sample, by batched gemms.
 */
static void gradient_inside(const struct conv *g, float *dweight, view coarse, view fine, span rows)
{
    int a = g->coarse_channels, stride = g->stride * g->fine_channels, width = conv_patch_size(*g);
    int sets = ceiling(width, stride), count = rows.end - rows.first;
    size_t weights = conv_weight_count(g);
    matrix partial = {cuda_workspace(WORKSPACE_CONV, g->batch * weights * sizeof(float)), false, width,
                      weights};
    for (int set = 0; set < sets && set < count; set++) {
        int row = rows.first + set;
        matrix left = matrix_at(coarse, (ptrdiff_t)row * a, sets * a, (size_t)g->coarse * a);
        matrix right = matrix_at(fine, (ptrdiff_t)(row * g->stride - g->padding) * g->fine_channels,
                                 sets * stride, (size_t)g->fine * g->fine_channels);
        struct gemm gemm = {a,        width, ceiling(count - set, sets), true, false,
                            g->batch, 1,     set ? 1.0f : 0.0f,          NULL, false};
        cuda_gemm(partial, left, right, gemm);
    }
    cuda_add_partial_sums(dweight, (const float *)partial.data, g->batch, (int)weights, 1, true);
}

void conv_gemm_weight_gradient(const struct conv *g, float *dweight, view coarse, view fine)
{
    span rows = coarse_inside(g);
    if (rows.end > rows.first)
        gradient_inside(g, dweight, coarse, fine, rows);
    else
        rows.first = rows.end = 0;
    conv_direct_weight_gradient(g, dweight, coarse, fine, outside(rows, g->coarse));
}
