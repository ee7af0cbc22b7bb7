/* The geometry of a convolution, for Conv1d and ConvTranspose1d alike.
 *
 * A convolution connects a coarse side, with one row for each position of the kernel, and a fine side, on
 * which the kernel moves by `stride` rows from position to position. Conv1d: fine is the input, coarse the
 * output. ConvTranspose1d: coarse is the input, fine the output. The patch of coarse row o is what the kernel
 * covers there: the fine rows o stride - padding … + kernel - 1, zeros where they are outside the sample; it
 * is a row of im2col. Tensors are dense, (batch, rows, channels); the weight is (coarse channels, kernel,
 * fine channels). */
#ifndef KERNELS_CUDA_CONV_GEOMETRY_CUH
#define KERNELS_CUDA_CONV_GEOMETRY_CUH

#include "kernels/cuda/base/cuda.cuh"

struct conv {
    int batch;
    int coarse, fine; /* rows of a sample */
    int coarse_channels, fine_channels;
    int kernel, stride, padding;
};

/* The values of a patch: kernel * fine channels. */
__host__ __device__ static inline int conv_patch_size(const conv &g)
{
    return g.kernel * g.fine_channels;
}

static inline size_t conv_weight_count(const conv *g)
{
    return (size_t)g->coarse_channels * (size_t)conv_patch_size(*g);
}

/* Multiplications and additions of one pass. */
static inline double conv_operations(const conv *g)
{
    return 2.0 * g->batch * g->coarse * (double)conv_weight_count(g);
}

#endif
