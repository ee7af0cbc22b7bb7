/* Copies of values in the other type. */
#ifndef KERNELS_CUDA_NARROW_CUH
#define KERNELS_CUDA_NARROW_CUH

#include "kernels/cuda/base/cuda.cuh"

/* to = from, `count` values side by side. */
void cuda_convert(view to, view from, size_t count);

#endif
