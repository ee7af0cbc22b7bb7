/* A block's normalisation, where c lies in memory. */
#ifndef KERNELS_CUDA_BLOCK_NORM_CUH
#define KERNELS_CUDA_BLOCK_NORM_CUH

#include "kernels/cuda/block/rows.cuh"

/* From c to mean, inverse, gain and shift, and the running statistics where they move. */
void block_statistics(struct block *block, struct block_parameters p, view c, int rows, float *parts,
                      struct pass pass);

/* From c and the gradients by the output to pull and slip; dp.scale and dp.shift are added to. */
void block_norm_gradient(struct block *block, struct block_parameters dp, view c, struct block_gradients d,
                         int rows, float *parts, struct pass pass);

#endif
