/* A block that recomputes the convolution's output c from x wherever it is needed, backward too, instead of
 * storing it: cheaper where there are few input channels. For a convolution with normalisation and pooled
 * pairs. */
#ifndef KERNELS_CUDA_BLOCK_RECOMPUTE_CUH
#define KERNELS_CUDA_BLOCK_RECOMPUTE_CUH

#include "kernels/cuda/block/state.cuh"

bool recompute_possible(const struct block_shape *shape);

/* Grows the workspace to what the block will need. */
void recompute_reserve(const struct block *block);

/* As block_forward, without `bare` (which is y here). block->c is not used. Takes WORKSPACE_OPERATION. */
void recompute_forward(struct block *block, struct block_parameters p, struct tensor y, struct tensor x,
                       struct pass pass);

/* As block_backward, without a skip. Where dx is wanted, dc is stored in scratch memory. */
void recompute_backward(struct block *block, struct block_parameters p, struct block_parameters dp,
                        struct tensor dx, struct tensor dy, struct tensor dbare, struct tensor x,
                        struct pass pass);

#endif
