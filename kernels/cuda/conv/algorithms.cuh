/* The ways in which window.cu has its functions done. */
#ifndef KERNELS_CUDA_CONV_ALGORITHMS_CUH
#define KERNELS_CUDA_CONV_ALGORITHMS_CUH

#include "kernels/cuda/conv/geometry.cuh"

/* Some rows of each sample: 0 … head - 1, then on from head + gap. */
struct window_rows {
    int count, head, gap;
};

__host__ __device__ static inline int window_row(window_rows rows, int n)
{
    return n < rows.head ? n : n + rows.gap;
}

/* Each names the bytes of scratch that it takes at most. */

/* Any shape, these rows: of the coarse side, but in spread of the fine side. */
size_t window_direct_scratch(const struct window *window);
void window_direct_correlate(const struct window *window, view coarse, view fine, const float *weight,
                             const float *bias, window_rows rows);
void window_direct_spread(const struct window *window, view fine, view coarse, const float *weight,
                          const float *bias, window_rows rows);
void window_direct_gradient(const struct window *window, float *dweight, view coarse, view fine,
                            window_rows rows);

/* By products of matrices: many channels on both sides. */
bool window_product_possible(const struct window *window);
size_t window_product_scratch(const struct window *window);
void window_product_correlate(const struct window *window, view coarse, view fine, const float *weight,
                              const float *bias);
void window_product_spread(const struct window *window, view fine, view coarse, const float *weight,
                           const float *bias);
void window_product_gradient(const struct window *window, float *dweight, view coarse, view fine);

/* Windows of few values, which a thread holds in registers. */
bool window_thin_possible(const struct window *window);
size_t window_thin_scratch(const struct window *window);
void window_thin_correlate(const struct window *window, view coarse, view fine, const float *weight,
                           const float *bias);
void window_thin_spread(const struct window *window, view fine, view coarse, const float *weight,
                        const float *bias);
void window_thin_gradient(const struct window *window, float *dweight, view coarse, view fine);

/* The same by products of tiles in tf32; scratch as window_thin_scratch(). */
bool window_tile_possible(const struct window *window, view coarse);
void window_tile_correlate(const struct window *window, view coarse, view fine, const float *weight,
                           const float *bias);
void window_tile_spread(const struct window *window, view fine, view coarse, const float *weight,
                        const float *bias);
void window_tile_gradient(const struct window *window, float *dweight, view coarse, view fine);

#endif
