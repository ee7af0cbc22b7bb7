/* Spreading by whole windows: which a block of threads makes, and where it adds them. */
#ifndef KERNELS_CUDA_CONV_OVERLAP_ADD_CUH
#define KERNELS_CUDA_CONV_OVERLAP_ADD_CUH

#include "kernels/cuda/base/vectors.cuh"
#include "kernels/cuda/conv/algorithms.cuh"

/* A block of threads takes `rows` hops of the fine side, number `first` the first of all, and makes the
 * windows of those coarse rows and of `before` more before them. */
struct hops {
    window w;
    int first, count; /* of a sample */
    int rows, before, tiles;
    bool packed; /* the coarse side is read by fours */
};

/* With `windows` windows a block. */
static inline struct hops hops_make(const struct window *w, view coarse, int windows)
{
    struct hops h = {*w, w->padding / w->stride, 0, 0, (w->kernel - 1) / w->stride, 0, false};
    h.count = (w->fine - 1 + w->padding) / w->stride - h.first + 1;
    h.rows = windows - h.before;
    h.tiles = (h.count + h.rows - 1) / h.rows;
    h.packed = vec_size((size_t)w->coarse_channels, coarse) > 1;
    return h;
}

/* The fine rows of the block's hops from the windows (rows, PITCH). All threads. */
template <int PITCH>
__device__ inline void add_windows(const hops &h, view fine, const float *windows, const float *bias,
                                   size_t sample, int first)
{
    const window &w = h.w;
    int channels = w.fine_channels, last = min(h.rows, h.first + h.count - first);
    for (int i = threadIdx.x; i < last * w.stride * channels; i += blockDim.x) {
        int b = i % channels, hop = i / channels / w.stride, k = i / channels % w.stride;
        int row = (first + hop) * w.stride + k - w.padding;
        float sum = bias ? bias[b] : 0;
        for (int from = h.before + hop; k < w.kernel; k += w.stride, from--)
            sum += windows[from * PITCH + k * channels + b];
        if (row >= 0 && row < w.fine) store(fine, (sample * w.fine + row) * channels + b, sum);
    }
}

#endif
