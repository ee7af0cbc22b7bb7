/* The geometry of a Conv1d or ConvTranspose1d on CUDA. */
#ifndef KERNELS_CUDA_CONV_GEOMETRY_CUH
#define KERNELS_CUDA_CONV_GEOMETRY_CUH

#include "kernels/cuda/base/cuda.cuh"

struct window {
    int batch;
    int coarse, fine; /* rows of a sample */
    int coarse_channels, fine_channels;
    int kernel, stride, padding;
};

/* Values of a window. */
__host__ __device__ static inline int window_width(const window &w)
{
    return w.kernel * w.fine_channels;
}

static inline size_t window_weights(const window *w)
{
    return (size_t)w->coarse_channels * (size_t)window_width(*w);
}

static inline double window_operations(const window *w)
{
    return 2.0 * w->batch * w->coarse * (double)window_weights(w);
}

#endif
