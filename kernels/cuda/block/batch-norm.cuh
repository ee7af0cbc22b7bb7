/* Batch normalisation of a block whose c is in memory, and the joining of partial sums for any block. */
#ifndef KERNELS_CUDA_BLOCK_BATCH_NORM_CUH
#define KERNELS_CUDA_BLOCK_BATCH_NORM_CUH

#include "kernels/cuda/block/state.cuh"

/* A partial sum of the statistics, over some rows, is three rows of `out` floats: the number of the rows (the
 * same for all channels), the mean of h over them, and the sum of (h - that mean)^2. */
enum { PART_ROWS, PART_MEAN, PART_SQUARES, STATISTICS_PART };

/* From partial (count, STATISTICS_PART, out) to mean, inverse_std, norm_scale and norm_shift of the block,
 * and to the running statistics where pass.update_statistics. In evaluation from the running statistics,
 * partial unused. */
void block_join_statistics(struct block *block, struct block_parameters p, const float *partial, int count,
                           struct pass pass);

/* A partial sum of the backward pass is two rows of `out` floats: the sums of dn and of dn (h - mean). */
enum { PART_SUM, PART_MOMENT, GRADIENT_PART };

/* From partial (count, GRADIENT_PART, out) to the block's dh_slope and dh_offset; dp.scale and dp.shift are
 * added to. `rows`: of the whole batch. */
void block_join_gradient(struct block *block, struct block_parameters dp, const float *partial, int count,
                         int rows, struct pass pass);

/* The same from c: sums and joins. `partial` has room for block_partial_count() floats. */
void block_statistics(struct block *block, struct block_parameters p, view c, int rows, float *partial,
                      struct pass pass);

/* The same from c and the gradients of the output. */
void block_norm_gradient(struct block *block, struct block_parameters dp, view c, struct block_gradients d,
                         int rows, float *partial, struct pass pass);

/* The floats of partial sums, at most, of row loops over so many rows. */
size_t block_partial_count(const struct block *block, int rows);

/* The bytes of scratch memory for so many rows: c or its gradient, and partial sums. */
size_t block_scratch_bytes(const struct block *block, int rows);

#endif
