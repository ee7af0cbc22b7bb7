/* Small patches: device functions of kernels whose threads hold a channel's weights, or their gradients, in
 * registers. Patches are in shared memory, where all threads of a warp read the same one (a broadcast). */
#ifndef KERNELS_CUDA_CONV_SMALL_CUH
#define KERNELS_CUDA_CONV_SMALL_CUH

#include "kernels/cuda/conv/algorithms.cuh"
#include "kernels/cuda/matrix/mma-instructions.cuh"

/* The length of a patch in shared memory: a multiple of 4, so that float4 loads read it. */
__host__ __device__ constexpr int padded_patch(int width)
{
    return (width + 3) / 4 * 4;
}

/* Calls FUNCTION<K> for the least K that holds a patch; weights are padded with zeros. */
#define SMALL_CALL(WIDTH, FUNCTION, ...)                                                                     \
    ((WIDTH) <= 8    ? FUNCTION<8>(__VA_ARGS__)                                                              \
     : (WIDTH) <= 16 ? FUNCTION<16>(__VA_ARGS__)                                                             \
     : (WIDTH) <= 18 ? FUNCTION<18>(__VA_ARGS__)                                                             \
     : (WIDTH) <= 32 ? FUNCTION<32>(__VA_ARGS__)                                                             \
                     : FUNCTION<64>(__VA_ARGS__))

/* Floats from one patch to the next in shared memory: as in the fine side, so that patches overlap, where
 * that is a multiple of 4 floats; else each patch has a copy of its own. */
static inline int small_pitch(const struct conv *g, int padded)
{
    int patch_stride = g->stride * g->fine_channels;
    return patch_stride % 4 == 0 && patch_stride < padded ? patch_stride : padded;
}

/* Copies the patches of coarse rows first … first + rows - 1 of a sample to shared memory, rounded to tf32
 * with TF32; zeros outside the sample. All threads call it. */
template <bool TF32>
__device__ inline void small_load_patches(float *to, const conv &g, view fine, size_t sample, int first,
                                          int rows, int pitch, int padded)
{
    int patch_stride = g.stride * g.fine_channels, values = g.fine * g.fine_channels;
    int start = (first * g.stride - g.padding) * g.fine_channels, count = (rows - 1) * pitch + padded;
    for (int i = threadIdx.x; i < count; i += blockDim.x) {
        int at = start + (pitch == patch_stride ? i : i / pitch * patch_stride + i % pitch);
        float value = at >= 0 && at < values ? load(fine, sample * values + at) : 0;
        to[i] = TF32 ? __uint_as_float(to_tf32(value)) : value;
    }
}

/* Copies the weights of channels first … first + count - 1 to shared memory, `padded` floats each. All
 * threads call it. */
__device__ static inline void small_load_weights(float *to, const conv &g, const float *weight, int first,
                                                 int count, int padded)
{
    int width = conv_patch_size(g);
    for (int i = threadIdx.x; i < count * padded; i += blockDim.x) {
        int a = first + i / padded, j = i % padded;
        to[i] = a < g.coarse_channels && j < width ? weight[(size_t)a * width + j] : 0;
    }
}

/* The weights of N channels, K each, in registers. */
template <int K, int N> struct small_weights {
    float v[N][padded_patch(K)];
};
template <int K, int N>
__device__ inline void small_weights_to_registers(small_weights<K, N> &weights, const float *from)
{
#pragma unroll
    for (int c = 0; c < N; c++)
#pragma unroll
        for (int j = 0; j < padded_patch(K); j += 4) {
            float4 four = *(const float4 *)(from + c * padded_patch(K) + j);
            weights.v[c][j] = four.x, weights.v[c][j + 1] = four.y;
            weights.v[c][j + 2] = four.z, weights.v[c][j + 3] = four.w;
        }
}

/* sum[c] += the dot product of a patch with the weights of channel c. */
template <int K, int N>
__device__ inline void small_multiply(float sum[N], const small_weights<K, N> &weights, const float *patch)
{
#pragma unroll
    for (int j = 0; j < padded_patch(K); j += 4) {
        float4 four = *(const float4 *)(patch + j);
        float v[4] = {four.x, four.y, four.z, four.w};
#pragma unroll
        for (int i = 0; i < 4 && j + i < K; i++)
#pragma unroll
            for (int c = 0; c < N; c++) sum[c] += weights.v[c][j + i] * v[i];
    }
}

/* sums.v[c] += factor[c] times a patch. */
template <int K, int N>
__device__ inline void small_accumulate(small_weights<K, N> &sums, const float factor[N], const float *patch)
{
#pragma unroll
    for (int j = 0; j < padded_patch(K); j += 4) {
        float4 four = *(const float4 *)(patch + j);
        float v[4] = {four.x, four.y, four.z, four.w};
#pragma unroll
        for (int i = 0; i < 4 && j + i < K; i++)
#pragma unroll
            for (int c = 0; c < N; c++) sums.v[c][j + i] += factor[c] * v[i];
    }
}

/* Adds the sums of a thread block's threads into part (channels, patch), from channel `first` on. Thread
 * line * groups + group has sums of the channels of `group`; they are added over the lines in order. All
 * threads call it; `shared` has small_shared_sums<K>() floats a thread. */
template <int K> __host__ __device__ constexpr int small_shared_sums()
{
    return K + 1;
}
template <int K, int N>
__device__ inline void small_store_sums(float *part, float *shared, const small_weights<K, N> &sums,
                                        const conv &g, int first, int groups, int lines)
{
    constexpr int pitch = small_shared_sums<K>();
    int width = conv_patch_size(g);
#pragma unroll
    for (int c = 0; c < N; c++) {
        __syncthreads();
#pragma unroll
        for (int j = 0; j < K; j++) shared[(int)threadIdx.x * pitch + j] = sums.v[c][j];
        __syncthreads();
        for (int i = threadIdx.x; i < groups * width; i += blockDim.x) {
            int group = i / width, j = i % width, a = first + group * N + c;
            float sum = 0;
            for (int line = 0; line < lines; line++) sum += shared[(line * groups + group) * pitch + j];
            if (a < g.coarse_channels) part[(size_t)a * width + j] = sum;
        }
    }
}

#endif
