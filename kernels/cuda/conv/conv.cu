/* The choice of a convolution's algorithm. */
#include "kernels/cuda/conv/algorithms.cuh"
#include "kernels/cuda/conv/conv.cuh"

static conv_rows all(int count)
{
    conv_rows rows = {count, count, 0};
    return rows;
}

void conv_correlate(const struct conv *g, view coarse, view fine, const float *weight, const float *bias)
{
    if (conv_gemm_possible(g))
        conv_gemm_correlate(g, coarse, fine, weight, bias);
    else if (conv_small_mma_possible(g, coarse))
        conv_small_mma_correlate(g, coarse, fine, weight, bias);
    else if (conv_small_possible(g))
        conv_small_correlate(g, coarse, fine, weight, bias);
    else
        conv_direct_correlate(g, coarse, fine, weight, bias, all(g->coarse));
}

void conv_transposed(const struct conv *g, view fine, view coarse, const float *weight, const float *bias)
{
    if (conv_gemm_possible(g))
        conv_gemm_transposed(g, fine, coarse, weight, bias);
    else if (conv_small_mma_possible(g, coarse))
        conv_small_mma_transposed(g, fine, coarse, weight, bias);
    else if (conv_small_possible(g))
        conv_small_transposed(g, fine, coarse, weight, bias);
    else
        conv_direct_transposed(g, fine, coarse, weight, bias, all(g->fine));
}

void conv_weight_gradient(const struct conv *g, float *dweight, view coarse, view fine)
{
    if (conv_gemm_possible(g))
        conv_gemm_weight_gradient(g, dweight, coarse, fine);
    else if (conv_small_mma_possible(g, coarse))
        conv_small_mma_weight_gradient(g, dweight, coarse, fine);
    else if (conv_small_possible(g))
        conv_small_weight_gradient(g, dweight, coarse, fine);
    else
        conv_direct_weight_gradient(g, dweight, coarse, fine, all(g->coarse));
}

void conv_reserve(const struct conv *g)
{
    cuda_workspace(WORKSPACE_CONV, conv_gemm_possible(g)    ? conv_gemm_scratch(g)
                                   : conv_small_possible(g) ? conv_small_scratch(g)
                                                            : conv_direct_scratch(g));
}
