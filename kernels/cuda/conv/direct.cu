/* Convolution by direct sums, for any shape: for the rows at a sample's ends, whose patches reach beyond it,
 * and for odd numbers of channels. */
#include "kernels/cuda/base/sums.cuh"
#include "kernels/cuda/base/vectors.cuh"
#include "kernels/cuda/conv/algorithms.cuh"

/* ROWS: coarse rows of one channel that a warp computes, so that the channel's weights stay in the cache.
 * SLICES: parts of the sum over the coarse channels, each by a thread of its own. */
enum { THREADS = 256, ROWS = 2, SLICES = 4, GRADIENT_ROWS = 16, MOST_PARTS = 256, MOST_SUMS = 1 << 20 };

/* The part of a patch that lies inside the sample: its values [from, to); `start` is the index of the patch's
 * value 0 in the sample, which may be negative. */
struct inside {
    ptrdiff_t start;
    int from, to;
};

__device__ static inline inside patch_inside(const conv &g, int row)
{
    ptrdiff_t start = ((ptrdiff_t)row * g.stride - g.padding) * g.fine_channels;
    ptrdiff_t left = (ptrdiff_t)g.fine * g.fine_channels - start;
    inside in = {start, start < 0 ? (int)min(-start, (ptrdiff_t)conv_patch_size(g)) : 0,
                 (int)max(min(left, (ptrdiff_t)conv_patch_size(g)), (ptrdiff_t)0)};
    return in;
}

static __global__ void correlate(conv g, view coarse, view fine, const float *weight, const float *bias,
                                 conv_rows rows)
{
    size_t warp = ((size_t)blockIdx.x * blockDim.x + threadIdx.x) / WARP;
    size_t first = warp / (size_t)g.coarse_channels * ROWS, end = (size_t)g.batch * rows.count;
    int lane = threadIdx.x % WARP, a = (int)(warp % (size_t)g.coarse_channels);
    const float *values = weight + (size_t)a * conv_patch_size(g);
    for (size_t n = first; n < first + ROWS && n < end; n++) {
        size_t sample = n / rows.count;
        int row = conv_row(rows, (int)(n % rows.count));
        inside in = patch_inside(g, row);
        size_t start = sample * g.fine * g.fine_channels + in.start;
        float sum = 0;
        for (int j = in.from + lane; j < in.to; j += WARP) sum += values[j] * load(fine, start + j);
        sum = warp_sum(sum);
        if (lane == 0)
            store(coarse, (sample * g.coarse + row) * g.coarse_channels + a, sum + (bias ? bias[a] : 0));
    }
}

void conv_direct_correlate(const struct conv *g, view coarse, view fine, const float *weight,
                           const float *bias, conv_rows rows)
{
    size_t count = (size_t)g->batch * rows.count;
    if (!count) return;
    cuda_count_operations(2.0 * (double)count * (double)conv_weight_count(g));
    launch(correlate, blocks_for((count + ROWS - 1) / ROWS * g->coarse_channels * WARP, THREADS), THREADS, 0,
           *g, coarse, fine, weight, bias, rows);
}

/* A slice of the sum for channel b of a fine row: tap k = (row + padding) mod stride of the row meets coarse
 * row j = (row + padding) / stride, tap k + stride coarse row j - 1, and so on. */
__device__ static inline float transposed_slice(const conv &g, view coarse, const float *weight,
                                                size_t sample, int row, int b, int slice)
{
    int first = g.coarse_channels * slice / SLICES, end = g.coarse_channels * (slice + 1) / SLICES;
    int j = (row + g.padding) / g.stride;
    size_t step = (size_t)g.kernel * g.fine_channels;
    float sum = 0;
    for (int k = (row + g.padding) % g.stride; k < g.kernel && j >= 0; k += g.stride, j--) {
        size_t from = (sample * g.coarse + j) * g.coarse_channels;
        const float *values = weight + (size_t)k * g.fine_channels + b;
#pragma unroll 8
        for (int a = first; a < end && j < g.coarse; a++) sum += values[a * step] * load(coarse, from + a);
    }
    return sum;
}

/* SLICES threads compute one value of the fine side. */
static __global__ void transposed(conv g, view fine, view coarse, const float *weight, const float *bias,
                                  conv_rows rows)
{
    float *sums = shared_memory<float>(); /* (SLICES, values) */
    int values = (int)blockDim.x / SLICES, value = (int)threadIdx.x % values;
    size_t i = (size_t)blockIdx.x * values + value, n = i / (size_t)g.fine_channels;
    size_t sample = n / rows.count;
    int row = conv_row(rows, (int)(n % rows.count)), b = (int)(i % (size_t)g.fine_channels);
    bool there = n < (size_t)g.batch * rows.count;
    float sum = 0;
    if (there) sum = transposed_slice(g, coarse, weight, sample, row, b, (int)threadIdx.x / values);
    sums[threadIdx.x] = sum;
    __syncthreads();
    if (!there || (int)threadIdx.x >= values) return;
    for (int slice = 1; slice < SLICES; slice++) sum += sums[slice * values + value];
    store(fine, (sample * g.fine + row) * g.fine_channels + b, sum + (bias ? bias[b] : 0));
}

void conv_direct_transposed(const struct conv *g, view fine, view coarse, const float *weight,
                            const float *bias, conv_rows rows)
{
    size_t count = (size_t)g->batch * rows.count * g->fine_channels;
    if (!count) return;
    cuda_count_operations(2.0 * (double)count * g->coarse_channels * g->kernel / g->stride);
    launch(transposed, blocks_for(count, THREADS / SLICES), THREADS, THREADS * sizeof(float), *g, fine,
           coarse, weight, bias, rows);
}

/* A thread sums the gradient of tap and channel j of the patch for N coarse channels, over the part
 * blockIdx.y of the rows; partial (parts, coarse channels, patch). */
template <int N>
static __global__ void gradient(conv g, float *partial, view coarse, view fine, conv_rows rows)
{
    size_t i = (size_t)blockIdx.x * blockDim.x + threadIdx.x, width = (size_t)conv_patch_size(g);
    size_t count = (size_t)g.batch * rows.count, end = count * (blockIdx.y + 1) / gridDim.y;
    size_t n = count * blockIdx.y / gridDim.y, a = i / width * N;
    int j = (int)(i % width), row = (int)(n % rows.count);
    if (a >= (size_t)g.coarse_channels) return;
    vec<N> sum = {};
    for (size_t sample = n / rows.count; n < end; n++) {
        inside in = patch_inside(g, conv_row(rows, row));
        size_t at = (sample * g.coarse + conv_row(rows, row)) * g.coarse_channels + a;
        if (j >= in.from && j < in.to) {
            float value = load(fine, sample * g.fine * g.fine_channels + in.start + j);
            vec<N> factors = load_vec<N>(coarse, at);
            for (int c = 0; c < N; c++) sum.v[c] += factors.v[c] * value;
        }
        if (++row == rows.count) row = 0, sample++;
    }
    partial += (blockIdx.y * (size_t)g.coarse_channels + a) * width + j;
    for (int c = 0; c < N; c++) partial[c * width] = sum.v[c];
}

static size_t parts_of(const struct conv *g, conv_rows rows)
{
    size_t weights = conv_weight_count(g), most = weights < MOST_SUMS ? MOST_SUMS / weights : 1;
    size_t parts = ((size_t)g->batch * rows.count + GRADIENT_ROWS - 1) / GRADIENT_ROWS;
    if (most > MOST_PARTS) most = MOST_PARTS;
    return parts < most ? parts : most;
}

size_t conv_direct_scratch(const struct conv *g)
{
    conv_rows all = {g->coarse, g->coarse, 0};
    return parts_of(g, all) * conv_weight_count(g) * sizeof(float);
}

void conv_direct_weight_gradient(const struct conv *g, float *dweight, view coarse, view fine, conv_rows rows)
{
    size_t count = (size_t)g->batch * rows.count, weights = conv_weight_count(g);
    if (!count) return;
    size_t parts = parts_of(g, rows);
    float *sums = (float *)cuda_workspace(WORKSPACE_CONV, parts * weights * sizeof *sums);
    cuda_count_operations(2.0 * (double)count * (double)weights);
    int channels = vec_size((size_t)g->coarse_channels, coarse) > 1 ? 4 : 1;
    launch(channels == 4 ? gradient<4> : gradient<1>,
           dim3(blocks_for(weights / channels, THREADS), (unsigned)parts), THREADS, 0, *g, sums, coarse, fine,
           rows);
    cuda_add_partial_sums(dweight, sums, (int)parts, (int)weights, 1, true);
}
