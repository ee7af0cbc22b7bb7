/* Windows of few values, spread: a thread makes the whole windows of some coarse rows, which are then added
 * where they overlap. */
#include "kernels/cuda/window-thin.cuh"

/* DEPTH: channels of the coarse side at a time; PITCH: theirs in shared memory, where 16 bytes of each of 8
 * rows fall into different banks. */
enum { THREADS = 128, DEPTH = 32, PITCH = DEPTH + 4 };

/* A block of threads takes `rows` hops of the fine side, number `first` the first of all, and makes the
 * windows of those coarse rows and of `before` more before them. */
struct hops {
    window w;
    int first, count; /* of a sample */
    int rows, before, tiles;
};

/* DEPTH channels from channel a on of coarse rows first … first + rows - 1; zeros where there are none. */
__device__ static inline void load_rows(float *to, const window &w, view coarse, size_t sample, int first,
                                        int rows, int a)
{
    for (int i = threadIdx.x; i < rows * (DEPTH / 4); i += blockDim.x) {
        int row = i / (DEPTH / 4), c = i % (DEPTH / 4) * 4, left = w.coarse_channels - a - c;
        size_t at = (sample * w.coarse + first + row) * w.coarse_channels + a + c;
        float v[4] = {0, 0, 0, 0};
        if (first + row < 0 || first + row >= w.coarse) left = 0;
        if (left > 0 && w.coarse_channels % 4 == 0)
            load_four(v, coarse, at);
        else
            for (int j = 0; j < 4; j++) v[j] = j < left ? load(coarse, at + j) : 0;
        *(float4 *)(to + row * PITCH + c) = make_float4(v[0], v[1], v[2], v[3]);
    }
}

/* sums[r] += channel a + i of row r, times the weights of that channel. */
template <int K, int ROWS>
__device__ inline void add_channel(float (&sums)[ROWS][K], const float x[ROWS], const float *weights)
{
#pragma unroll
    for (int j = 0; j < thin_wide(K); j += 4) {
        float4 four = *(const float4 *)(weights + j);
        float v[4] = {four.x, four.y, four.z, four.w};
#pragma unroll
        for (int i = 0; i < 4 && j + i < K; i++)
#pragma unroll
            for (int r = 0; r < ROWS; r++) sums[r][j + i] += x[r] * v[i];
    }
}

/* The same of a thread's rows and all channels in shared memory. */
template <int K, int ROWS>
__device__ inline void add_channels(float (&sums)[ROWS][K], const float *rows, const float *weights,
                                    int depth)
{
    for (int c = 0; c < depth; c += 4) {
        float x[4][ROWS];
#pragma unroll
        for (int r = 0; r < ROWS; r++) {
            float4 four = *(const float4 *)(rows + ((int)threadIdx.x + r * THREADS) * PITCH + c);
            x[0][r] = four.x, x[1][r] = four.y, x[2][r] = four.z, x[3][r] = four.w;
        }
#pragma unroll
        for (int i = 0; i < 4; i++) add_channel(sums, x[i], weights + (c + i) * thin_wide(K));
    }
}

/* The fine rows of the block's hops from the windows (rows, K + 1). */
template <int K>
__device__ inline void add_windows(const hops &h, view fine, const float *windows, const float *bias,
                                   size_t sample, int first)
{
    const window &w = h.w;
    int channels = w.fine_channels, last = min(h.rows, h.first + h.count - first);
    for (int i = threadIdx.x; i < last * w.stride * channels; i += blockDim.x) {
        int b = i % channels, hop = i / channels / w.stride, k = i / channels % w.stride;
        int row = (first + hop) * w.stride + k - w.padding;
        float sum = bias ? bias[b] : 0;
        for (int from = h.before + hop; k < w.kernel; k += w.stride, from--)
            sum += windows[from * (K + 1) + k * channels + b];
        if (row >= 0 && row < w.fine) store(fine, (sample * w.fine + row) * channels + b, sum);
    }
}

template <int K, int ROWS>
static __global__ void __launch_bounds__(THREADS)
    spread(hops h, view fine, view coarse, const float *weight, const float *bias)
{
    float *rows = shared_memory<float>();           /* (ROWS THREADS, PITCH), later the windows */
    float *weights = rows + ROWS * THREADS * PITCH; /* (DEPTH, wide) */
    size_t sample = blockIdx.x / h.tiles;
    int first = h.first + (int)(blockIdx.x % h.tiles) * h.rows;
    float sums[ROWS][K] = {};
    for (int a = 0; a < h.w.coarse_channels; a += DEPTH) {
        __syncthreads();
        load_rows(rows, h.w, coarse, sample, first - h.before, ROWS * THREADS, a);
        thin_load_weights(weights, h.w, weight, a, DEPTH, thin_wide(K));
        __syncthreads();
        add_channels(sums, rows, weights, min((int)DEPTH, h.w.coarse_channels - a));
    }
    __syncthreads();
#pragma unroll
    for (int r = 0; r < ROWS; r++)
#pragma unroll
        for (int j = 0; j < K; j++) rows[((int)threadIdx.x + r * THREADS) * (K + 1) + j] = sums[r][j];
    __syncthreads();
    add_windows<K>(h, fine, rows, bias, sample, first);
}

template <int K>
static void spread_of(const struct window *w, view fine, view coarse, const float *weight, const float *bias)
{
    enum { ROWS = K <= 32 ? 2 : 1 };
    struct hops h = {*w, w->padding / w->stride, 0, 0, (w->kernel - 1) / w->stride, 0};
    h.count = (w->fine - 1 + w->padding) / w->stride - h.first + 1;
    h.rows = ROWS * THREADS - h.before;
    h.tiles = (h.count + h.rows - 1) / h.rows;
    size_t room = PITCH * ROWS * THREADS + DEPTH * thin_wide(K), windows = (K + 1) * ROWS * THREADS;
    launch(spread<K, ROWS>, dim3((unsigned)(w->batch * h.tiles)), THREADS,
           (room > windows ? room : windows) * sizeof(float), h, fine, coarse, weight, bias);
}

void window_thin_spread(const struct window *w, view fine, view coarse, const float *weight,
                        const float *bias)
{
    cuda_count_operations(window_operations(w));
    THIN_CALL(window_width(*w), spread_of, w, fine, coarse, weight, bias);
}
