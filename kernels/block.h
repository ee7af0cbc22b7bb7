/* The shape, parameters and result of a convolution block. Part of the contract of kernels/ops.h.
 *
 * With x (batch, length, in) a block computes, by row and channel,
 *
 *   c = convolution of x, plus bias                (batch, block_convolved_length, out)
 *   h = c > 0 ? c : slope * c
 *   n = norm ? (h - mean) * scale / sqrt(variance + epsilon) + shift : h
 *   u = dropout(n)                                 the elements counted are those of n
 *   bare = pool_pairs ? pooled pairs of u : u      (batch, block_output_length, out)
 *   y = bare + resized skip                        the same shape; no skip: bare
 *
 * Convolution, as PyTorch's Conv1d: c[o,a] = bias[a] + sum over k, b of W[a,k,b] x[o stride - padding + k,
 * b], where rows outside 0 … length - 1 are 0. Transposed, as ConvTranspose1d: c[i,b] = bias[b] + sum over a
 * and all o, k with o stride - padding + k = i of W[a,k,b] x[o,a].
 *
 * Normalisation: in training mean and variance are those of h over batch and length, per channel, the
 * variance with divisor `rows` = batch * block_convolved_length; where pass.update_statistics, running_mean
 * moves to (1 - momentum) running_mean + momentum mean, running_variance likewise to variance rows / (rows -
 * 1), to 0 for one row. In evaluation mean and variance are the running ones, and constants of the backward
 * pass.
 *
 * Pooled pairs: bare[i] = max(u[2i], u[2i+1]) + (u[2i] + u[2i+1]) / 2; the gradient of the maximum goes to
 * the first of equal values. They need an even block_convolved_length, and allow no skip.
 *
 * Skip (batch, any length of 1 or more, out), resized along the length as PyTorch's interpolate (linear,
 * align_corners false): with p = max(0, (i + 1/2) inputs / outputs - 1/2), j = floor(p), share = p - j, row i
 * is (1 - share) skip[j] + share skip[min(j + 1, inputs - 1)]. */
#ifndef KERNELS_BLOCK_H
#define KERNELS_BLOCK_H

#include "kernels/tensor.h"

struct block_shape {
    bool transposed;
    int in, out, kernel, stride, padding, output_padding;
    real slope;    /* of the activation below 0: 0 is ReLU, 1 is none */
    bool norm;     /* batch normalisation */
    real epsilon;  /* added to the variance */
    real momentum; /* of the running statistics */
    struct dropout dropout;
    bool bf16; /* what is kept for the backward pass may be bf16 */
    bool pool_pairs;
};

/* Length of the convolution's output, before pooled pairs. */
static inline int block_convolved_length(const struct block_shape *s, int length)
{
    if (s->transposed) return (length - 1) * s->stride - 2 * s->padding + s->kernel + s->output_padding;
    return (length + 2 * s->padding - s->kernel) / s->stride + 1;
}

static inline int block_output_length(const struct block_shape *s, int length)
{
    return block_convolved_length(s, length) / (s->pool_pairs ? 2 : 1);
}

/* A block's parameters, or their gradients; reals. */
struct block_parameters {
    device weight;                         /* W: (out, kernel, in); transposed: (in, kernel, out) */
    device bias;                           /* (out); not NULL but in gradients */
    device scale, shift;                   /* (out); NULL without norm */
    device running_mean, running_variance; /* (out); NULL without norm, and in gradients */
};

#endif
