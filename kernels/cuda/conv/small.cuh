/* Windows of few values for kernels whose threads hold a channel's weights, or their gradients, in registers:
 * windows stand in shared memory, where all threads of a warp read the same one. */
#ifndef KERNELS_CUDA_CONV_SMALL_CUH
#define KERNELS_CUDA_CONV_SMALL_CUH

#include "kernels/cuda/conv/algorithms.cuh"
#include "kernels/cuda/matrix/mma-instructions.cuh"

/* Values of a window in shared memory: a multiple of 4, so that they are read by fours. */
__host__ __device__ constexpr int thin_wide(int width)
{
    return (width + 3) / 4 * 4;
}

/* Calls FUNCTION<K> for the least K that holds a window; weights are filled up with zeros. */
#define THIN_CALL(WIDTH, FUNCTION, ...)                                                                      \
    ((WIDTH) <= 8    ? FUNCTION<8>(__VA_ARGS__)                                                              \
     : (WIDTH) <= 16 ? FUNCTION<16>(__VA_ARGS__)                                                             \
     : (WIDTH) <= 18 ? FUNCTION<18>(__VA_ARGS__)                                                             \
     : (WIDTH) <= 32 ? FUNCTION<32>(__VA_ARGS__)                                                             \
                     : FUNCTION<64>(__VA_ARGS__))

/* Floats from a window to the next: as in the data, so that windows overlap, where that is a multiple of 4.
 */
static inline int thin_pitch(const struct window *w, int wide)
{
    int hop = w->stride * w->fine_channels;
    return hop % 4 == 0 && hop < wide ? hop : wide;
}

/* The windows of coarse rows first … first + rows - 1 of a sample, in reals or tf32; zeros outside of it. All
 * threads. */
template <bool TF32>
__device__ inline void thin_load_windows(float *to, const window &w, view fine, size_t sample, int first,
                                         int rows, int pitch, int wide)
{
    int hop = w.stride * w.fine_channels, values = w.fine * w.fine_channels;
    int start = (first * w.stride - w.padding) * w.fine_channels, count = (rows - 1) * pitch + wide;
    for (int i = threadIdx.x; i < count; i += blockDim.x) {
        int at = start + (pitch == hop ? i : i / pitch * hop + i % pitch);
        float value = at >= 0 && at < values ? load(fine, sample * values + at) : 0;
        to[i] = TF32 ? __uint_as_float(to_tf32(value)) : value;
    }
}

/* The weights of channels first … first + count - 1, `wide` floats each. All threads. */
__device__ static inline void thin_load_weights(float *to, const window &w, const float *weight, int first,
                                                int count, int wide)
{
    int width = window_width(w);
    for (int i = threadIdx.x; i < count * wide; i += blockDim.x) {
        int a = first + i / wide, j = i % wide;
        to[i] = a < w.coarse_channels && j < width ? weight[(size_t)a * width + j] : 0;
    }
}

/* N channels' weights, K each, to registers. */
template <int K, int N> struct thin_weights {
    float v[N][thin_wide(K)];
};
template <int K, int N> __device__ inline void thin_hold(thin_weights<K, N> &weights, const float *from)
{
#pragma unroll
    for (int c = 0; c < N; c++)
#pragma unroll
        for (int j = 0; j < thin_wide(K); j += 4) {
            float4 four = *(const float4 *)(from + c * thin_wide(K) + j);
            weights.v[c][j] = four.x, weights.v[c][j + 1] = four.y;
            weights.v[c][j + 2] = four.z, weights.v[c][j + 3] = four.w;
        }
}

/* sum += the products of a window with N channels' weights. */
template <int K, int N>
__device__ inline void thin_multiply(float sum[N], const thin_weights<K, N> &weights, const float *window)
{
#pragma unroll
    for (int j = 0; j < thin_wide(K); j += 4) {
        float4 four = *(const float4 *)(window + j);
        float v[4] = {four.x, four.y, four.z, four.w};
#pragma unroll
        for (int i = 0; i < 4 && j + i < K; i++)
#pragma unroll
            for (int c = 0; c < N; c++) sum[c] += weights.v[c][j + i] * v[i];
    }
}

/* sums[c] += factor c times a window. */
template <int K, int N>
__device__ inline void thin_accumulate(thin_weights<K, N> &sums, const float factor[N], const float *window)
{
#pragma unroll
    for (int j = 0; j < thin_wide(K); j += 4) {
        float4 four = *(const float4 *)(window + j);
        float v[4] = {four.x, four.y, four.z, four.w};
#pragma unroll
        for (int i = 0; i < 4 && j + i < K; i++)
#pragma unroll
            for (int c = 0; c < N; c++) sums.v[c][j + i] += factor[c] * v[i];
    }
}

/* The threads' sums, of which thread lane * groups + group has those of the channels of `group`, added over
 * the lanes into part (channels, width), from channel `first` on. All threads; `shared` has
 * thin_shared_sums<K>() floats a thread. */
template <int K> __host__ __device__ constexpr int thin_shared_sums()
{
    return K + 1;
}
template <int K, int N>
__device__ inline void thin_store_sums(float *part, float *shared, const thin_weights<K, N> &sums,
                                       const window &w, int first, int groups, int lanes)
{
    constexpr int pitch = thin_shared_sums<K>();
    int width = window_width(w);
#pragma unroll
    for (int c = 0; c < N; c++) {
        __syncthreads();
#pragma unroll
        for (int j = 0; j < K; j++) shared[(int)threadIdx.x * pitch + j] = sums.v[c][j];
        __syncthreads();
        for (int i = threadIdx.x; i < groups * width; i += blockDim.x) {
            int group = i / width, j = i % width, a = first + group * N + c;
            float sum = 0;
            for (int lane = 0; lane < lanes; lane++) sum += shared[(lane * groups + group) * pitch + j];
            if (a < w.coarse_channels) part[(size_t)a * width + j] = sum;
        }
    }
}

#endif
