/* A block's normalisation, where c lies in memory. */
#ifndef KERNELS_CUDA_BLOCK_BATCH_NORM_CUH
#define KERNELS_CUDA_BLOCK_BATCH_NORM_CUH

#include "kernels/cuda/block/state.cuh"

/* A part of the statistics is three rows of `out` floats: the number of its rows (the same for all channels),
 * the mean of h over them, and the sum of (h - that mean)^2. */
enum { PART_ROWS, PART_MEAN, PART_SQUARES, STATISTICS_PART };

/* From `count` partial (count, STATISTICS_PART, out) to mean, inverse, gain and shift, and the running
 * statistics where they move. In evaluation from the running statistics: partial are not looked at. */
void block_join_statistics(struct block *block, struct block_parameters p, const float *partial, int count,
                           struct pass pass);

/* A part of the normalisation's gradient is two rows of `out` floats: the sum of g, and of g (h - mean). */
enum { PART_SUM, PART_MOMENT, GRADIENT_PART };

/* From partial (count, GRADIENT_PART, out) to pull and slip; dp.scale and dp.shift are added to. `rows` is
 * the whole number of rows. */
void block_join_gradient(struct block *block, struct block_parameters dp, const float *partial, int count,
                         int rows, struct pass pass);

/* From c to mean, inverse, gain and shift, and the running statistics where they move. */
void block_statistics(struct block *block, struct block_parameters p, view c, int rows, float *partial,
                      struct pass pass);

/* From c and the gradients by the output to pull and slip; dp.scale and dp.shift are added to. */
void block_norm_gradient(struct block *block, struct block_parameters dp, view c, struct block_gradients d,
                         int rows, float *partial, struct pass pass);

/* Floats that partial of sums over so many rows may take. */
size_t block_parts(const struct block *block, int rows);

/* Bytes of scratch for so many rows: c or its gradient, and parts. */
size_t block_scratch(const struct block *block, int rows);

#endif
