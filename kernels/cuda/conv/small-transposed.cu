/* Windows of few values, spread: a thread makes the whole windows of some coarse rows, which are then added
 * where they overlap. */
#include "kernels/cuda/conv/overlap-add.cuh"
#include "kernels/cuda/conv/small.cuh"

/* DEPTH: channels of the coarse side at a time; PITCH: theirs in shared memory, where 16 bytes of each of 8
 * rows fall into different banks. */
enum { THREADS = 128, DEPTH = 32, PITCH = DEPTH + 4 };

/* DEPTH channels from channel a on, by fours as far as there are any, of coarse rows first … first + rows -
 * 1; zeros where there are none. */
__device__ static inline void load_rows(float *to, const hops &h, view coarse, size_t sample, int first,
                                        int rows, int a)
{
    const window &w = h.w;
    int fours = min((w.coarse_channels - a + 3) / 4, DEPTH / 4);
    for (int i = threadIdx.x; i < rows * fours; i += blockDim.x) {
        int row = fours == DEPTH / 4 ? i / (DEPTH / 4) : i / fours, c = (i - row * fours) * 4;
        int left = w.coarse_channels - a - c;
        size_t at = (sample * w.coarse + first + row) * w.coarse_channels + a + c;
        float v[4] = {0, 0, 0, 0};
        if (first + row < 0 || first + row >= w.coarse) left = 0;
        if (left > 0 && h.packed)
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
        load_rows(rows, h, coarse, sample, first - h.before, ROWS * THREADS, a);
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
    add_windows<K + 1>(h, fine, rows, bias, sample, first);
}

template <int K>
static void spread_of(const struct window *w, view fine, view coarse, const float *weight, const float *bias)
{
    enum { ROWS = K <= 32 ? 2 : 1 };
    struct hops h = hops_make(w, coarse, ROWS * THREADS);
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
