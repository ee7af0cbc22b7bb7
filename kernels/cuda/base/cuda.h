/* The functions of the CUDA backend, for its table (cuda.c) and its kernels (NAME.cu). */
#ifndef KERNELS_CUDA_BASE_CUDA_H
#define KERNELS_CUDA_BASE_CUDA_H

#include "kernels/operations.h"
#include "kernels/ops.h"

/* Every operation of ops.h is cuda_NAME. */
#define CUDA_DECLARE(NAME) extern __typeof__(*((struct ops *)0)->NAME) cuda_##NAME;
OPERATIONS(CUDA_DECLARE)
#undef CUDA_DECLARE

#endif
