/* Inside a block on CUDA.
 *
 * What is kept for the backward pass is c, the convolution's output with its bias, before the activation;
 * h = act(c) is made again wherever it is needed. Nothing is kept where recomputed.cuh makes c again too, nor
 * where nothing but a skip follows the convolution.
 *
 * Rows are counted through the batch: rows = batch * convolved. Statistics and gradients of the normalisation
 * are summed in parts, each part some rows, and the parts batch_as_one_sample in their order. */
#ifndef KERNELS_CUDA_BLOCK_STATE_CUH
#define KERNELS_CUDA_BLOCK_STATE_CUH

#include "kernels/cuda/base/cuda.cuh"
#include "kernels/cuda/conv/geometry.cuh"

struct block {
    struct block_shape shape;
    int batch;
    int length, convolved; /* rows of a sample of x, of c */
    view c;                /* (batch, convolved, out); data NULL where it is not kept, `bf16` says its type */
    float *mean, *inverse; /* (out): of h, 1 over its standard deviation */
    float *gain, *shift;   /* (out): the result before dropout is (h - mean) gain + shift */
    float *pull, *slip; /* (out): dh = gain g - slip - (h - mean) pull, g being the gradient by that result */
    unsigned *tickets;  /* zeros, between kernels too */
};

/* Nothing follows the convolution but a skip. */
static inline bool block_plain(const struct block_shape *s)
{
    return !s->norm && s->slope == 1 && s->dropout.share == 0 && !s->pool_pairs;
}

/* Dies where the tensors are not of the block's shape; more and skip, or their gradients, may have no data.
 */
void block_check(const struct block *block, struct tensor x, struct tensor y, struct tensor more,
                 struct tensor skip);

/* The convolution's geometry for x of so many samples. */
struct conv block_conv(const struct block *block, int batch);

/* Gradients by the output; dbare's data may be NULL. */
struct block_gradients {
    view dy, dbare;
};

__device__ static inline float activate(float c, float slope)
{
    return c > 0 ? c : slope * c;
}

#endif
