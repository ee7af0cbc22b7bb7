/* Which way a window's functions are done. */
#include "kernels/cuda/conv/algorithms.cuh"
#include "kernels/cuda/conv/conv.cuh"

static window_rows all(int count)
{
    window_rows rows = {count, count, 0};
    return rows;
}

void window_correlate(const struct window *w, view coarse, view fine, const float *weight, const float *bias)
{
    if (window_product_possible(w))
        window_product_correlate(w, coarse, fine, weight, bias);
    else if (window_tile_possible(w, coarse))
        window_tile_correlate(w, coarse, fine, weight, bias);
    else if (window_thin_possible(w))
        window_thin_correlate(w, coarse, fine, weight, bias);
    else
        window_direct_correlate(w, coarse, fine, weight, bias, all(w->coarse));
}

void window_spread(const struct window *w, view fine, view coarse, const float *weight, const float *bias)
{
    if (window_product_possible(w))
        window_product_spread(w, fine, coarse, weight, bias);
    else if (window_tile_possible(w, coarse))
        window_tile_spread(w, fine, coarse, weight, bias);
    else if (window_thin_possible(w))
        window_thin_spread(w, fine, coarse, weight, bias);
    else
        window_direct_spread(w, fine, coarse, weight, bias, all(w->fine));
}

void window_gradient(const struct window *w, float *dweight, view coarse, view fine)
{
    if (window_product_possible(w))
        window_product_gradient(w, dweight, coarse, fine);
    else if (window_tile_possible(w, coarse))
        window_tile_gradient(w, dweight, coarse, fine);
    else if (window_thin_possible(w))
        window_thin_gradient(w, dweight, coarse, fine);
    else
        window_direct_gradient(w, dweight, coarse, fine, all(w->coarse));
}

void window_reserve(const struct window *w)
{
    cuda_workspace(WORKSPACE_CONV, window_product_possible(w) ? window_product_scratch(w)
                                   : window_thin_possible(w)  ? window_thin_scratch(w)
                                                              : window_direct_scratch(w));
}
