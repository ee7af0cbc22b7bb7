/* Linear resizing along the length, align_corners false, as PyTorch's interpolate. */
#ifndef KERNELS_CUDA_RESIZE_CUH
#define KERNELS_CUDA_RESIZE_CUH

#include "kernels/cuda/base/cuda.cuh"

struct resize {
    int outputs, inputs; /* lengths */
    double ratio;        /* inputs / outputs */
};

static inline struct resize resize_make(int outputs, int inputs)
{
    struct resize r = {outputs, inputs, (double)inputs / outputs};
    return r;
}

/* An output is (1 - share) input[at] + share input[next]. */
struct place {
    int at, next;
    float share;
};

__device__ static inline struct place place_of(const struct resize &r, int i)
{
    double x = (i + 0.5) * r.ratio - 0.5;
    int at = x > 0 ? (int)x : 0;
    if (at > r.inputs - 1) at = r.inputs - 1;
    struct place place = {at, at + 1 < r.inputs ? at + 1 : at, x > 0 ? (float)(x - at) : 0};
    return place;
}

/* dx += the gradient of the resized tensor's input; dy: of its output, of the same batch and channels. */
void cuda_resize_backward(struct tensor dx, struct tensor dy);

#endif
