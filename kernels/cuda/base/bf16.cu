/* Conversion between arrays of float and of bfloat16: a thread converts four values, or one. */
#include "kernels/cuda/base/bf16.cuh"

enum { THREADS = 256 };

template <int N> static __global__ void convert(view to, view from, size_t count)
{
    size_t i = ((size_t)blockIdx.x * blockDim.x + threadIdx.x) * N;
    if (i < count) store_vec<N>(to, i, load_vec<N>(from, i));
}

static bool aligned(view x)
{
    return (uintptr_t)x.data % (x.bf16 ? 8 : 16) == 0;
}

void cuda_convert(view to, view from, size_t count)
{
    if (count % 4 == 0 && aligned(to) && aligned(from))
        launch(convert<4>, blocks_for(count / 4, THREADS), THREADS, 0, to, from, count);
    else
        launch(convert<1>, blocks_for(count, THREADS), THREADS, 0, to, from, count);
}
