/* Windows of any shape: a warp or a thread a value. For the rows at a sample's ends, where windows reach
 * beyond it, and for odd numbers of channels. */
#include "kernels/cuda/base/sums.cuh"
#include "kernels/cuda/base/vectors.cuh"
#include "kernels/cuda/conv/algorithms.cuh"

/* ROWS: rows of one channel that a warp does, so that the channel's weights are near. SLICES: of the coarse
 * channels, summed by threads of their own. */
enum { THREADS = 256, ROWS = 2, SLICES = 4, GRADIENT_ROWS = 16, MOST_PARTS = 256, MOST_SUMS = 1 << 20 };

/* The values of a window that lie inside the sample: [from, to); they begin at `start` in the sample. */
struct inside {
    ptrdiff_t start;
    int from, to;
};

__device__ static inline inside window_inside(const window &w, int row)
{
    ptrdiff_t start = ((ptrdiff_t)row * w.stride - w.padding) * w.fine_channels;
    ptrdiff_t left = (ptrdiff_t)w.fine * w.fine_channels - start;
    inside in = {start, start < 0 ? (int)min(-start, (ptrdiff_t)window_width(w)) : 0,
                 (int)max(min(left, (ptrdiff_t)window_width(w)), (ptrdiff_t)0)};
    return in;
}

static __global__ void correlate(window w, view coarse, view fine, const float *weight, const float *bias,
                                 window_rows rows)
{
    size_t warp = ((size_t)blockIdx.x * blockDim.x + threadIdx.x) / WARP;
    size_t first = warp / (size_t)w.coarse_channels * ROWS, end = (size_t)w.batch * rows.count;
    int lane = threadIdx.x % WARP, a = (int)(warp % (size_t)w.coarse_channels);
    const float *values = weight + (size_t)a * window_width(w);
    for (size_t n = first; n < first + ROWS && n < end; n++) {
        size_t sample = n / rows.count;
        int row = window_row(rows, (int)(n % rows.count));
        inside in = window_inside(w, row);
        size_t start = sample * w.fine * w.fine_channels + in.start;
        float sum = 0;
        for (int j = in.from + lane; j < in.to; j += WARP) sum += values[j] * load(fine, start + j);
        sum = warp_sum(sum);
        if (lane == 0)
            store(coarse, (sample * w.coarse + row) * w.coarse_channels + a, sum + (bias ? bias[a] : 0));
    }
}

void window_direct_correlate(const struct window *w, view coarse, view fine, const float *weight,
                             const float *bias, window_rows rows)
{
    size_t count = (size_t)w->batch * rows.count;
    if (!count) return;
    cuda_count_operations(2.0 * (double)count * (double)window_weights(w));
    launch(correlate, blocks_for((count + ROWS - 1) / ROWS * w->coarse_channels * WARP, THREADS), THREADS, 0,
           *w, coarse, fine, weight, bias, rows);
}

/* A slice of the sum for value b of a fine row. Tap k of the row meets coarse row j, tap k + stride row j
 * - 1.
 */
__device__ static inline float spread_slice(const window &w, view coarse, const float *weight, size_t sample,
                                            int row, int b, int slice)
{
    int first = w.coarse_channels * slice / SLICES, end = w.coarse_channels * (slice + 1) / SLICES;
    int j = (row + w.padding) / w.stride;
    size_t step = (size_t)w.kernel * w.fine_channels;
    float sum = 0;
    for (int k = (row + w.padding) % w.stride; k < w.kernel && j >= 0; k += w.stride, j--) {
        size_t from = (sample * w.coarse + j) * w.coarse_channels;
        const float *values = weight + (size_t)k * w.fine_channels + b;
#pragma unroll 8
        for (int a = first; a < end && j < w.coarse; a++) sum += values[a * step] * load(coarse, from + a);
    }
    return sum;
}

/* A value of the fine side for each SLICES threads. */
static __global__ void spread(window w, view fine, view coarse, const float *weight, const float *bias,
                              window_rows rows)
{
    float *sums = shared_memory<float>(); /* (SLICES, values) */
    int values = (int)blockDim.x / SLICES, value = (int)threadIdx.x % values;
    size_t i = (size_t)blockIdx.x * values + value, n = i / (size_t)w.fine_channels;
    size_t sample = n / rows.count;
    int row = window_row(rows, (int)(n % rows.count)), b = (int)(i % (size_t)w.fine_channels);
    bool there = n < (size_t)w.batch * rows.count;
    float sum = 0;
    if (there) sum = spread_slice(w, coarse, weight, sample, row, b, (int)threadIdx.x / values);
    sums[threadIdx.x] = sum;
    __syncthreads();
    if (!there || (int)threadIdx.x >= values) return;
    for (int slice = 1; slice < SLICES; slice++) sum += sums[slice * values + value];
    store(fine, (sample * w.fine + row) * w.fine_channels + b, sum + (bias ? bias[b] : 0));
}

void window_direct_spread(const struct window *w, view fine, view coarse, const float *weight,
                          const float *bias, window_rows rows)
{
    size_t count = (size_t)w->batch * rows.count * w->fine_channels;
    if (!count) return;
    cuda_count_operations(2.0 * (double)count * w->coarse_channels * w->kernel / w->stride);
    launch(spread, blocks_for(count, THREADS / SLICES), THREADS, THREADS * sizeof(float), *w, fine, coarse,
           weight, bias, rows);
}

/* A thread has value j of the windows for N channels, a part (blockIdx.y) some of the rows. */
template <int N>
static __global__ void gradient(window w, float *partial, view coarse, view fine, window_rows rows)
{
    size_t i = (size_t)blockIdx.x * blockDim.x + threadIdx.x, width = (size_t)window_width(w);
    size_t count = (size_t)w.batch * rows.count, end = count * (blockIdx.y + 1) / gridDim.y;
    size_t n = count * blockIdx.y / gridDim.y, a = i / width * N;
    int j = (int)(i % width), row = (int)(n % rows.count);
    if (a >= (size_t)w.coarse_channels) return;
    vec<N> sum = {};
    for (size_t sample = n / rows.count; n < end; n++) {
        inside in = window_inside(w, window_row(rows, row));
        size_t at = (sample * w.coarse + window_row(rows, row)) * w.coarse_channels + a;
        if (j >= in.from && j < in.to) {
            float value = load(fine, sample * w.fine * w.fine_channels + in.start + j);
            vec<N> factors = load_vec<N>(coarse, at);
            for (int c = 0; c < N; c++) sum.v[c] += factors.v[c] * value;
        }
        if (++row == rows.count) row = 0, sample++;
    }
    partial += (blockIdx.y * (size_t)w.coarse_channels + a) * width + j;
    for (int c = 0; c < N; c++) partial[c * width] = sum.v[c];
}

static size_t parts_of(const struct window *w, window_rows rows)
{
    size_t weights = window_weights(w), most = weights < MOST_SUMS ? MOST_SUMS / weights : 1;
    size_t parts = ((size_t)w->batch * rows.count + GRADIENT_ROWS - 1) / GRADIENT_ROWS;
    if (most > MOST_PARTS) most = MOST_PARTS;
    return parts < most ? parts : most;
}

size_t window_direct_scratch(const struct window *w)
{
    window_rows all = {w->coarse, w->coarse, 0};
    return parts_of(w, all) * window_weights(w) * sizeof(float);
}

void window_direct_gradient(const struct window *w, float *dweight, view coarse, view fine, window_rows rows)
{
    size_t count = (size_t)w->batch * rows.count, weights = window_weights(w);
    if (!count) return;
    size_t parts = parts_of(w, rows);
    float *sums = (float *)cuda_workspace(WORKSPACE_CONV, parts * weights * sizeof *sums);
    cuda_count_operations(2.0 * (double)count * (double)weights);
    int channels = vec_size((size_t)w->coarse_channels, coarse) > 1 ? 4 : 1;
    launch(channels == 4 ? gradient<4> : gradient<1>,
           dim3(blocks_for(weights / channels, THREADS), (unsigned)parts), THREADS, 0, *w, sums, coarse, fine,
           rows);
    cuda_add_partial_sums(dweight, sums, (int)parts, (int)weights, 1, true);
}
