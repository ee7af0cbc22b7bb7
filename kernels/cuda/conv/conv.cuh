/* The geometry behind Conv1d and ConvTranspose1d, once, as in kernels/cpu/conv.h: a window of `kernel` rows
 * moves over the fine side in hops of `stride`, one hop for each row of the coarse side; `padding` rows of
 * zeros stand before the fine side. Conv1d: fine is the input; ConvTranspose1d: fine is the output. The
 * weight W is (coarse channels a, kernel k, fine channels b) for both.
 *
 *   correlate   coarse[o,a] = bias[a] + sum over k, b of W[a,k,b] fine[o stride - padding + k, b]
 *   spread      its transpose: fine[i,b] = bias[b] + sum over all o, k with o stride - padding + k = i,
 *               and a, of W[a,k,b] coarse[o,a]
 *   gradient    dW[a,k,b] += sum over the batch and o of coarse[o,a] fine[o stride - padding + k, b]
 *
 * Tensors are dense, (batch, rows, channels); results are overwritten except dW. bias may be NULL. The
 * operation's workspace is the caller's; these functions take scratch from WORKSPACE_CONV. */
#ifndef KERNELS_CUDA_CONV_CONV_CUH
#define KERNELS_CUDA_CONV_CONV_CUH

#include "kernels/cuda/conv/geometry.cuh"

void window_correlate(const struct window *window, view coarse, view fine, const float *weight,
                      const float *bias);
void window_spread(const struct window *window, view fine, view coarse, const float *weight,
                   const float *bias);
void window_gradient(const struct window *window, float *dweight, view coarse, view fine);

/* Asks for the scratch that these will want. */
void window_reserve(const struct window *window);

#endif
