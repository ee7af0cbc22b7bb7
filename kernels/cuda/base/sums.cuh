/* Sums in a fixed order: over a warp, over a thread block, and over a grid (each thread block leaves a
 * partial sum in scratch memory, and a second kernel adds the partial sums in order). */
#ifndef KERNELS_CUDA_BASE_SUMS_CUH
#define KERNELS_CUDA_BASE_SUMS_CUH

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

/* The sum over a thread block of whole warps, returned to each of its threads. `shared` has WARP elements,
 * and may be reused after the next __syncthreads(). */
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

/* to[c] = scale * the sum over i of partial[i, c], added to to[c] where `add`; partial (count, width), summed
 * in double. */
void cuda_add_partial_sums(float *to, const float *partial, int count, int width, float scale, bool add);

#endif
