/* Argmax: the largest value and its index, the first of equal ones, as kernels/cpu/argmax.h finds them. */
#ifndef KERNELS_CUDA_BASE_ARGMAX_CUH
#define KERNELS_CUDA_BASE_ARGMAX_CUH

#include "kernels/cuda/base/sums.cuh"

struct argmax {
    float value;
    uint32_t at;
};

/* The result does not depend on the order of the updates, provided that every thread's argmax starts with
 * value 0 of the sample: then NaN counts as the largest where it is value 0, and is passed over elsewhere. */
__device__ static inline void argmax_update(argmax *best, float value, uint32_t at)
{
    if (value > best->value || (value == best->value && at < best->at)) best->value = value, best->at = at;
}

/* The argmax over a thread block of whole warps, returned to each of its threads; `shared` has WARP elements.
 */
__device__ static inline argmax block_argmax(argmax best, argmax *shared)
{
    for (int step = WARP / 2; step > 0; step /= 2) {
        float value = __shfl_xor_sync(WHOLE_WARP, best.value, step);
        uint32_t at = __shfl_xor_sync(WHOLE_WARP, best.at, step);
        argmax_update(&best, value, at);
    }
    __syncthreads();
    if (threadIdx.x % WARP == 0) shared[threadIdx.x / WARP] = best;
    __syncthreads();
    for (unsigned w = 0; w < blockDim.x / WARP; w++) argmax_update(&best, shared[w].value, shared[w].at);
    return best;
}

/* The argmax of the results of `count` thread blocks. */
__device__ static inline argmax argmax_join(const argmax *partial, int count)
{
    argmax best = partial[0];
    for (int part = 1; part < count; part++) argmax_update(&best, partial[part].value, partial[part].at);
    return best;
}

#endif
