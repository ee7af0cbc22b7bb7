/* Sums of a fixed order: over a warp, a block, and a grid (every block's part into scratch, then the parts in
 * their order). */
#ifndef KERNELS_CUDA_SUMS_CUH
#define KERNELS_CUDA_SUMS_CUH

#include "kernels/cuda/base/cuda.cuh"

enum { WARP = 32 };
static const unsigned WHOLE_WARP = 0xffffffffu;

template <class T> __device__ inline T warp_sum(T value)
{
    for (int step = WARP / 2; step > 0; step /= 2) value += __shfl_xor_sync(WHOLE_WARP, value, step);
    return value;
}
__device__ static inline float warp_max(float value)
{
    for (int step = WARP / 2; step > 0; step /= 2)
        value = fmaxf(value, __shfl_xor_sync(WHOLE_WARP, value, step));
    return value;
}

/* The sum over a block of whole warps, for every thread of it. `shared` has WARP places; it may be used again
 * after the next __syncthreads(). */
template <class T> __device__ inline T block_sum(T value, T *shared)
{
    value = warp_sum(value);
    __syncthreads();
    if (threadIdx.x % WARP == 0) shared[threadIdx.x / WARP] = value;
    __syncthreads();
    T sum = 0;
    for (unsigned w = 0; w < blockDim.x / WARP; w++) sum += shared[w];
    return sum;
}

/* to[c] (+)= scale * the sum over part of parts[part, c], for c < width; in double. */
void cuda_add_parts(float *to, const float *parts, int count, int width, float scale, bool add);

#endif
