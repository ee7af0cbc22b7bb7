/* The largest value and where it stands, the first of equal ones, as kernels/cpu/argmax.h finds them. */
#ifndef KERNELS_CUDA_LARGEST_CUH
#define KERNELS_CUDA_LARGEST_CUH

#include "kernels/cuda/base/sums.cuh"

struct largest {
    float value;
    uint32_t at;
};

/* For any order of comparisons the same, where all of them begin with value 0 of the sample: a NaN there
 * stays, others are passed over. */
__device__ static inline void largest_take(largest *most, float value, uint32_t at)
{
    if (value > most->value || (value == most->value && at < most->at)) most->value = value, most->at = at;
}

/* Over a block of whole warps, for every thread of it; `shared` has WARP places. */
__device__ static inline largest block_largest(largest most, largest *shared)
{
    for (int step = WARP / 2; step > 0; step /= 2) {
        float value = __shfl_xor_sync(WHOLE_WARP, most.value, step);
        uint32_t at = __shfl_xor_sync(WHOLE_WARP, most.at, step);
        largest_take(&most, value, at);
    }
    __syncthreads();
    if (threadIdx.x % WARP == 0) shared[threadIdx.x / WARP] = most;
    __syncthreads();
    for (unsigned w = 0; w < blockDim.x / WARP; w++) largest_take(&most, shared[w].value, shared[w].at);
    return most;
}

/* Of what a few blocks found. */
__device__ static inline largest largest_of(const largest *parts, int count)
{
    largest most = parts[0];
    for (int part = 1; part < count; part++) largest_take(&most, parts[part].value, parts[part].at);
    return most;
}

#endif
