/* Kernels that take N values at a time: how many may lie side by side, launching for them, and the last of a
 * count that is no multiple of N. */
#ifndef KERNELS_CUDA_PACKS_CUH
#define KERNELS_CUDA_PACKS_CUH

#include "kernels/cuda/base/cuda.cuh"

/* The widest pack, of 8, 4 or 1 values, that divides `channels` and may be loaded from all of the views. */
static inline int pack_size(size_t channels)
{
    return channels % 8 == 0 ? 8 : channels % 4 == 0 ? 4 : 1;
}
template <class... Views> static inline int pack_size(size_t channels, view x, Views... others)
{
    int size = pack_size(channels, others...);
    if (size == 8 && (uintptr_t)x.data % 16) size = 4;
    if (size == 4 && (uintptr_t)x.data % (x.bf16 ? 8 : 16)) size = 1;
    return size;
}

/* Runs KERNEL<SIZE> for a size that is known at run time only. */
#define LAUNCH_PACKS(SIZE, KERNEL, ...)                                                                      \
    ((SIZE) == 8   ? launch(KERNEL<8>, __VA_ARGS__)                                                          \
     : (SIZE) == 4 ? launch(KERNEL<4>, __VA_ARGS__)                                                          \
                   : launch(KERNEL<1>, __VA_ARGS__))

/* This thread's number in the grid. */
__device__ static inline size_t thread_number()
{
    return (size_t)blockIdx.x * blockDim.x + threadIdx.x;
}

/* The values i … i + N - 1 of `count`; 0 beyond the last. */
template <int N> __device__ inline pack<N> load_some(view x, size_t i, size_t count)
{
    pack<N> p;
    if (i + N <= count) return load_pack<N>(x, i);
    for (int j = 0; j < N; j++) p.v[j] = i + j < count ? load(x, i + j) : 0;
    return p;
}
template <int N> __device__ inline void store_some(view x, size_t i, size_t count, pack<N> p)
{
    if (i + N <= count)
        store_pack<N>(x, i, p);
    else
        for (int j = 0; j < N && i + j < count; j++) store(x, i + j, p.v[j]);
}

#endif
