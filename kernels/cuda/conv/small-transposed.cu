/* Transposed convolution of small patches: a thread computes the whole patches of some coarse rows in
 * registers, which are then added where they overlap (overlap-add). */
#include "kernels/cuda/conv/overlap-add.cuh"
#include "kernels/cuda/conv/small.cuh"

/* DEPTH: coarse channels at a time. PITCH: floats from row to row of them in shared memory, so that 16 bytes
 * of each of 8 rows fall into different banks. */
enum { THREADS = 128, DEPTH = 32, PITCH = DEPTH + 4 };

/* Copies DEPTH channels, from channel a on, of coarse rows first … first + rows - 1 to shared memory, (rows,
 * PITCH); zeros for rows and channels that do not exist. */
__device__ static inline void load_rows(float *to, const overlap_add &o, view coarse, size_t sample,
                                        int first, int rows, int a)
{
    const conv &g = o.conv;
    int fours = min((g.coarse_channels - a + 3) / 4, DEPTH / 4);
    for (int i = threadIdx.x; i < rows * fours; i += blockDim.x) {
        int row = fours == DEPTH / 4 ? i / (DEPTH / 4) : i / fours, c = (i - row * fours) * 4;
        int left = g.coarse_channels - a - c;
        size_t at = (sample * g.coarse + first + row) * g.coarse_channels + a + c;
        float v[4] = {0, 0, 0, 0};
        if (first + row < 0 || first + row >= g.coarse) left = 0;
        if (left > 0 && o.vectorised)
            load_four(v, coarse, at);
        else
            for (int j = 0; j < 4; j++) v[j] = j < left ? load(coarse, at + j) : 0;
        *(float4 *)(to + row * PITCH + c) = make_float4(v[0], v[1], v[2], v[3]);
    }
}

/* sums[r] += the value x[r] of one channel in row r, times the weights of that channel. */
template <int K, int ROWS>
__device__ inline void add_channel(float (&sums)[ROWS][K], const float x[ROWS], const float *weights)
{
#pragma unroll
    for (int j = 0; j < padded_patch(K); j += 4) {
        float4 four = *(const float4 *)(weights + j);
        float v[4] = {four.x, four.y, four.z, four.w};
#pragma unroll
        for (int i = 0; i < 4 && j + i < K; i++)
#pragma unroll
            for (int r = 0; r < ROWS; r++) sums[r][j + i] += x[r] * v[i];
    }
}

/* The same for a thread's rows and the `depth` channels in shared memory. */
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
        for (int i = 0; i < 4; i++) add_channel(sums, x[i], weights + (c + i) * padded_patch(K));
    }
}

template <int K, int ROWS>
static __global__ void __launch_bounds__(THREADS)
    transposed(overlap_add o, view fine, view coarse, const float *weight, const float *bias)
{
    float *rows = shared_memory<float>();           /* (ROWS THREADS, PITCH), reused for the patches */
    float *weights = rows + ROWS * THREADS * PITCH; /* (DEPTH, padded) */
    size_t sample = blockIdx.x / o.tiles;
    int first = o.first + (int)(blockIdx.x % o.tiles) * o.strides;
    float sums[ROWS][K] = {};
    for (int a = 0; a < o.conv.coarse_channels; a += DEPTH) {
        __syncthreads();
        load_rows(rows, o, coarse, sample, first - o.before, ROWS * THREADS, a);
        small_load_weights(weights, o.conv, weight, a, DEPTH, padded_patch(K));
        __syncthreads();
        add_channels(sums, rows, weights, min((int)DEPTH, o.conv.coarse_channels - a));
    }
    __syncthreads();
#pragma unroll
    for (int r = 0; r < ROWS; r++)
#pragma unroll
        for (int j = 0; j < K; j++) rows[((int)threadIdx.x + r * THREADS) * (K + 1) + j] = sums[r][j];
    __syncthreads();
    overlap_add_store<K + 1>(o, fine, rows, bias, sample, first);
}

template <int K>
static void transposed_of(const struct conv *g, view fine, view coarse, const float *weight,
                          const float *bias)
{
    enum { ROWS = K <= 32 ? 2 : 1 };
    struct overlap_add o = overlap_add_make(g, coarse, ROWS * THREADS);
    size_t room = PITCH * ROWS * THREADS + DEPTH * padded_patch(K), patches = (K + 1) * ROWS * THREADS;
    launch(transposed<K, ROWS>, dim3((unsigned)(g->batch * o.tiles)), THREADS,
           (room > patches ? room : patches) * sizeof(float), o, fine, coarse, weight, bias);
}

void conv_small_transposed(const struct conv *g, view fine, view coarse, const float *weight,
                           const float *bias)
{
    cuda_count_operations(conv_operations(g));
    SMALL_CALL(conv_patch_size(*g), transposed_of, g, fine, coarse, weight, bias);
}
