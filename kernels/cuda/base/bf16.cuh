/* Conversion between arrays of float and of bfloat16. */
#ifndef KERNELS_CUDA_BASE_BF16_CUH
#define KERNELS_CUDA_BASE_BF16_CUH

#include "kernels/cuda/base/cuda.cuh"

/* to[i] = from[i] for i < count; each side is float or bf16, as its view says. */
void cuda_convert(view to, view from, size_t count);

#endif
