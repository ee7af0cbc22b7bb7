/* Convolutions on CUDA, forward and backward, by the algorithm that suits the shape (conv.cu chooses).
 *
 * With the geometry and the weight W (coarse channels a, kernel k, fine channels b) of geometry.cuh:
 *
 *   conv_correlate         coarse[o,a] = bias[a] + sum over k, b of W[a,k,b] fine[o stride - padding + k, b]
 *   conv_transposed        fine[i,b] = bias[b] + sum over all o, k with o stride - padding + k = i, and over
 * a, of W[a,k,b] coarse[o,a] conv_weight_gradient   dW[a,k,b] += sum over the batch and o of coarse[o,a]
 * fine[o stride - padding + k, b]
 *
 * conv_correlate is Conv1d forward, and the input's gradient of ConvTranspose1d; conv_transposed is
 * ConvTranspose1d forward, and the input's gradient of Conv1d. bias may be NULL. Results are overwritten, but
 * dW is added to. Scratch memory comes from WORKSPACE_CONV; WORKSPACE_OPERATION is the caller's. */
#ifndef KERNELS_CUDA_CONV_CONV_CUH
#define KERNELS_CUDA_CONV_CONV_CUH

#include "kernels/cuda/conv/geometry.cuh"

void conv_correlate(const struct conv *conv, view coarse, view fine, const float *weight, const float *bias);
void conv_transposed(const struct conv *conv, view fine, view coarse, const float *weight, const float *bias);
void conv_weight_gradient(const struct conv *conv, float *dweight, view coarse, view fine);

/* Grows the workspaces to what these functions will need. */
void conv_reserve(const struct conv *conv);

#endif
