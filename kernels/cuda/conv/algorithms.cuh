/* The algorithms that compute a convolution; conv.cu chooses among them. */
#ifndef KERNELS_CUDA_CONV_ALGORITHMS_CUH
#define KERNELS_CUDA_CONV_ALGORITHMS_CUH

#include "kernels/cuda/conv/geometry.cuh"

/* A subset of the rows of each sample: 0 … head - 1, and those from head + gap on; `count` in all. */
struct conv_rows {
    int count, head, gap;
};

/* Row n of the subset. */
__host__ __device__ static inline int conv_row(conv_rows rows, int n)
{
    return n < rows.head ? n : n + rows.gap;
}

/* conv_NAME_possible: whether the shape suits; conv_NAME_scratch: the bytes of WORKSPACE_CONV taken at most.
 */

/* Direct sums, for any shape. Only these rows are computed: rows of the coarse side, in
 * conv_direct_transposed of the fine side. The weight's gradient sums over these coarse rows. */
size_t conv_direct_scratch(const struct conv *conv);
void conv_direct_correlate(const struct conv *conv, view coarse, view fine, const float *weight,
                           const float *bias, conv_rows rows);
void conv_direct_transposed(const struct conv *conv, view fine, view coarse, const float *weight,
                            const float *bias, conv_rows rows);
void conv_direct_weight_gradient(const struct conv *conv, float *dweight, view coarse, view fine,
                                 conv_rows rows);

/* Gemm on strided patches, for many channels on both sides. */
bool conv_gemm_possible(const struct conv *conv);
size_t conv_gemm_scratch(const struct conv *conv);
void conv_gemm_correlate(const struct conv *conv, view coarse, view fine, const float *weight,
                         const float *bias);
void conv_gemm_transposed(const struct conv *conv, view fine, view coarse, const float *weight,
                          const float *bias);
void conv_gemm_weight_gradient(const struct conv *conv, float *dweight, view coarse, view fine);

/* Small patches, whose weights or weight gradients a thread holds in registers; fp32. */
bool conv_small_possible(const struct conv *conv);
size_t conv_small_scratch(const struct conv *conv);
void conv_small_correlate(const struct conv *conv, view coarse, view fine, const float *weight,
                          const float *bias);
void conv_small_transposed(const struct conv *conv, view fine, view coarse, const float *weight,
                           const float *bias);
void conv_small_weight_gradient(const struct conv *conv, float *dweight, view coarse, view fine);

/* Small patches by tensor cores in tf32; scratch as conv_small_scratch(). */
bool conv_small_mma_possible(const struct conv *conv, view coarse);
void conv_small_mma_correlate(const struct conv *conv, view coarse, view fine, const float *weight,
                              const float *bias);
void conv_small_mma_transposed(const struct conv *conv, view fine, view coarse, const float *weight,
                               const float *bias);
void conv_small_mma_weight_gradient(const struct conv *conv, float *dweight, view coarse, view fine);

#endif
