/* A block's state on CUDA: what it keeps between the forward and the backward pass.
 *
 * It keeps c, the convolution's output with bias, before the activation; h = activation(c) is computed again
 * where it is needed. c is not kept where recompute.cuh computes c again too, nor where nothing but a skip
 * follows the convolution. Rows are counted through the batch: batch * convolved rows. */
#ifndef KERNELS_CUDA_BLOCK_STATE_CUH
#define KERNELS_CUDA_BLOCK_STATE_CUH

#include "kernels/cuda/base/cuda.cuh"
#include "kernels/cuda/conv/geometry.cuh"

struct block {
    struct block_shape shape;
    int batch;
    int length, convolved; /* rows of a sample: of x, of c */
    view c;                /* (batch, convolved, out); data NULL where it is not kept, `bf16` says its type */
    /* Batch normalisation: n = (h - mean) norm_scale + norm_shift and dh = norm_scale dn - dh_offset - (h -
     * mean) dh_slope, where norm_scale = scale * inverse_std, inverse_std = 1 / sqrt(variance + epsilon),
     * norm_shift = shift. All (out). */
    float *mean, *inverse_std, *norm_scale, *norm_shift;
    float *dh_slope, *dh_offset;
    unsigned *tickets; /* counters of last_block(), 0 between kernels */
};

/* Whether nothing but a skip follows the convolution. */
static inline bool convolution_only(const struct block_shape *s)
{
    return !s->norm && s->slope == 1 && s->dropout.share == 0 && !s->pool_pairs;
}

/* Dies where the tensors do not have the block's shapes; bare and skip, or their gradients, may have no data.
 */
void block_check(const struct block *block, struct tensor x, struct tensor y, struct tensor bare,
                 struct tensor skip);

/* The geometry of the convolution for a batch of this size. */
struct conv block_conv(const struct block *block, int batch);

/* The gradients of y and of bare; dbare may have no data. */
struct block_gradients {
    view dy, dbare;
};

__device__ static inline float activate(float c, float slope)
{
    return c > 0 ? c : slope * c;
}

#endif
