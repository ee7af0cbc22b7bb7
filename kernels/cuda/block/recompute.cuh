/* A block with few channels in, whose convolution's output c is never stored: it costs less to make it again
 * from x wherever it is needed, backward too. A convolution with normalisation and pooled pairs. */
#ifndef KERNELS_CUDA_BLOCK_RECOMPUTE_CUH
#define KERNELS_CUDA_BLOCK_RECOMPUTE_CUH

#include "kernels/cuda/block/state.cuh"

bool recomputed_possible(const struct block_shape *shape);

/* Asks for the scratch that a block of this shape will want. */
void recomputed_reserve(const struct block *block);

/* As block_forward without `bare`, which is y here; block->c is not used. Takes WORKSPACE_OPERATION. */
void recomputed_forward(struct block *block, struct block_parameters p, struct tensor y, struct tensor x,
                        struct pass pass);

/* As block_backward; there is no skip. Where dx is wanted, dc goes through scratch. */
void recomputed_backward(struct block *block, struct block_parameters p, struct block_parameters dp,
                         struct tensor dx, struct tensor dy, struct tensor dbare, struct tensor x,
                         struct pass pass);

#endif
