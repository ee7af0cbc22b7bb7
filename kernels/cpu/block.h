/* Inside a block on the CPU.
 *
 * The rows of both sides of the convolution are cut into tiles, so that what is made of a tile is used while
 * it is in the cache; tiles make up at most BLOCK_GROUPS groups, and every group has its own scratch and its
 * own part of each sum, added in the groups' order. Only h, the activations, is kept at full length: the
 * gradient before the activation is made again tile by tile, and dropout's factors wherever they are needed.
 */
#ifndef KERNELS_CPU_BLOCK_H
#define KERNELS_CPU_BLOCK_H

#include "kernels/cpu/conv.h"
#include "kernels/cpu/cpu.h"

enum { BLOCK_GROUPS = 16 };

/* One group's memory. */
struct block_scratch {
    real *rows;     /* rows of an input with zeros around */
    real *gradient; /* by the convolution's output: a tile's, or a chunk's */
    real *chunk;    /* (chunk_rows, out) */
    real *factors;  /* (chunk_rows, out): dropout's */
    real *vectors;  /* (3, out) */
    double *sums;   /* (2, out), over the group */
    double count;   /* of the rows in the sums */
    real *dweight;
};

struct block {
    struct block_shape shape;
    struct window window;
    int batch;
    int length, convolved; /* rows of x, of h */
    int tile_rows, tiles;  /* of the coarse side; per sample */
    int chunk_rows;        /* rows that element-wise work takes at a time; even */
    real *h;               /* (batch, convolved, out): after the activation */
    real *arranged;        /* the weight, as window_spread takes it */
    real *mean, *inverse;  /* (out): of h, 1 over its standard deviation; without norm 0, 1 */
    real *gain, *shift;    /* (out): the result before dropout is (h - mean) gain + shift */
    real *pull, *slip; /* (out): dh = gain g - slip - (h - mean) pull, g being the gradient by that result */
    struct block_scratch groups[BLOCK_GROUPS];
};

/* A part of a pass: the tensors on the output's side. */
struct block_flow {
    struct block *block;
    struct tensor y, bare, skip; /* or their gradients */
    struct pass pass;
};

/* A tile: rows of a sample on the coarse side, and the share of the fine side that goes with them. */
struct block_tile {
    int sample;
    struct rows coarse, fine;
};

struct block_tile block_tile(const struct block *block, int number);

/* The rows of h, of x, that belong to a tile. */
struct rows block_own(const struct block *block, struct block_tile tile);

/* The rows of h whose gradients a tile's part of dx and dweight needs; may reach beyond the sample. */
struct rows block_needed(const struct block *block, struct block_tile tile);

/* Part number `group` of `count` things, cut into `groups`. */
struct rows block_part(int count, int groups, int group);

static inline int block_groups(int tiles)
{
    return tiles < BLOCK_GROUPS ? tiles : BLOCK_GROUPS;
}

/* Dies where the tensors are not of the block's shape. */
void block_check(const struct block *block, struct tensor x, struct tensor y);

/* Runs `work` over all rows of h, counted through the batch, a chunk at a time; returns the number of groups.
 * A group's chunks follow each other on one thread. */
typedef void block_chunk_function(const struct block_flow *flow, struct block_scratch *group, size_t first,
                                  int count);
int block_over_chunks(const struct block_flow *flow, block_chunk_function *work);

/* The rows [first, first + count) of h, counted through the batch: bias and activation, and into the group's
 * sums (mean, sum of squared differences from it). */
void block_activate(struct block *block, struct block_scratch *group, size_t first, int count,
                    const real *bias, bool observe);

/* From the groups' sums, or the running statistics, to mean, inverse, gain and shift. */
void block_normalise(struct block *block, struct block_parameters p, int groups, struct pass pass);

/* Has values fetched that are wanted soon, while dropout's factors are made. */
static inline void block_prefetch(const real *x, size_t count)
{
    enum { LINE = 64 / sizeof(real) };
    for (size_t i = 0; i < count; i += LINE) __builtin_prefetch(x + i);
}

/* Rows of the result before dropout's, the pool's and the skip's turn: u = ((h - mean) gain + shift) factors.
 */
void block_affine(const struct block *block, real *u, size_t first, int count, const real *factors);

/* dropout's factors of rows of h, or NULL where there are none to apply. */
const real *block_factors(const struct block *block, struct block_scratch *group, size_t first, int count,
                          struct pass pass);

#endif
