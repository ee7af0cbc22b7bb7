/* Vectorised kernels, in which a thread takes N = 1, 4 or 8 consecutive values: choosing N, launching the
 * kernel for it, and the tail of an array whose count is no multiple of N. */
#ifndef KERNELS_CUDA_BASE_VECTORS_CUH
#define KERNELS_CUDA_BASE_VECTORS_CUH

#include "kernels/cuda/base/cuda.cuh"

/* The largest N of 8, 4 and 1 that divides `channels` and that the alignment of all the views allows. */
static inline int vec_size(size_t channels)
{
    return channels % 8 == 0 ? 8 : channels % 4 == 0 ? 4 : 1;
}
template <class... Views> static inline int vec_size(size_t channels, view x, Views... others)
{
    int size = vec_size(channels, others...);
    if (size == 8 && (uintptr_t)x.data % 16) size = 4;
    if (size == 4 && (uintptr_t)x.data % (x.bf16 ? 8 : 16)) size = 1;
    return size;
}

/* Launches KERNEL<SIZE> for a vector size known at run time only. */
#define LAUNCH_VEC(SIZE, KERNEL, ...)                                                                        \
    ((SIZE) == 8   ? launch(KERNEL<8>, __VA_ARGS__)                                                          \
     : (SIZE) == 4 ? launch(KERNEL<4>, __VA_ARGS__)                                                          \
                   : launch(KERNEL<1>, __VA_ARGS__))

/* This thread's index along the grid's x. */
__device__ static inline size_t thread_number()
{
    return (size_t)blockIdx.x * blockDim.x + threadIdx.x;
}

/* The values i … i + N - 1 of an array of `count`; 0 beyond its end. */
template <int N> __device__ inline vec<N> load_vec_partial(view x, size_t i, size_t count)
{
    vec<N> p;
    if (i + N <= count) return load_vec<N>(x, i);
    for (int j = 0; j < N; j++) p.v[j] = i + j < count ? load(x, i + j) : 0;
    return p;
}
template <int N> __device__ inline void store_vec_partial(view x, size_t i, size_t count, vec<N> p)
{
    if (i + N <= count)
        store_vec<N>(x, i, p);
    else
        for (int j = 0; j < N && i + j < count; j++) store(x, i + j, p.v[j]);
}

#endif
