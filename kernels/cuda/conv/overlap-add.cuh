/* Transposed convolution by overlap-add: a thread block computes whole patches of the fine side in shared
 * memory, and adds them where they overlap. */
#ifndef KERNELS_CUDA_CONV_OVERLAP_ADD_CUH
#define KERNELS_CUDA_CONV_OVERLAP_ADD_CUH

#include "kernels/cuda/base/vectors.cuh"
#include "kernels/cuda/conv/algorithms.cuh"

/* The fine side is cut into strides of `stride` rows; stride number s is the first `stride` rows of coarse
 * row s's patch. A thread block stores `strides` of them, and computes the patches of their coarse rows and
 * of the `before` coarse rows before them, which overlap them. */
struct overlap_add {
    struct conv conv;
    int first, count; /* strides of a sample */
    int strides, before, tiles;
    bool vectorised; /* the coarse side is loaded four values at a time */
};

/* With `patches` patches a thread block. */
static inline struct overlap_add overlap_add_make(const struct conv *g, view coarse, int patches)
{
    struct overlap_add o = {*g, g->padding / g->stride, 0, 0, (g->kernel - 1) / g->stride, 0, false};
    o.count = (g->fine - 1 + g->padding) / g->stride - o.first + 1;
    o.strides = patches - o.before;
    o.tiles = (o.count + o.strides - 1) / o.strides;
    o.vectorised = vec_size((size_t)g->coarse_channels, coarse) > 1;
    return o;
}

/* Stores the thread block's fine rows, sums of the patches (rows, PITCH) in shared memory. `first` is the
 * thread block's first stride. All threads call it. */
template <int PITCH>
__device__ inline void overlap_add_store(const overlap_add &o, view fine, const float *patches,
                                         const float *bias, size_t sample, int first)
{
    const conv &g = o.conv;
    int channels = g.fine_channels, last = min(o.strides, o.first + o.count - first);
    for (int i = threadIdx.x; i < last * g.stride * channels; i += blockDim.x) {
        int b = i % channels, stride = i / channels / g.stride, k = i / channels % g.stride;
        int row = (first + stride) * g.stride + k - g.padding;
        float sum = bias ? bias[b] : 0;
        for (int from = o.before + stride; k < g.kernel; k += g.stride, from--)
            sum += patches[from * PITCH + k * channels + b];
        if (row >= 0 && row < g.fine) store(fine, (sample * g.fine + row) * channels + b, sum);
    }
}

#endif
