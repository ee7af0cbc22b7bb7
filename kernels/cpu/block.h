/* A convolution block on the CPU: its state, and what the files of the block share.
 *
 * The rows of both sides of the convolution are cut into tiles, so that what is computed for a tile is used
 * while it is in the cache. Tiles form at most BLOCK_GROUPS groups; each group has its own scratch memory and
 * its own partial sums, which are added in the groups' order. Only h, the activations, is kept at full
 * length: the gradient before the activation is computed again tile by tile, and dropout factors wherever
 * they are needed. */
#ifndef KERNELS_CPU_BLOCK_H
#define KERNELS_CPU_BLOCK_H

#include "kernels/cpu/conv.h"
#include "kernels/cpu/cpu.h"

enum { BLOCK_GROUPS = 16 };

/* The memory of one group of tiles. */
struct block_scratch {
    real *rows;     /* rows of the convolution's input, padded with zeros */
    real *gradient; /* of the convolution's output: a tile's, or a chunk's */
    real *chunk;    /* (chunk_rows, out) */
    real *factors;  /* (chunk_rows, out): of dropout */
    real *vectors;  /* (3, out) */
    double *sums;   /* (2, out), over the group */
    double count;   /* of the rows in the sums */
    real *dweight;
};

struct block {
    struct block_shape shape;
    struct conv conv;
    int batch;
    int length, convolved; /* rows of x, of h */
    int tile_rows, tiles;  /* of the coarse side; per sample */
    int chunk_rows;        /* rows of element-wise work at a time; even */
    real *h;               /* (batch, convolved, out): after the activation */
    real *arranged_weight; /* the weight, as conv_transposed() reads it */
    /* Batch normalisation: n = (h - mean) norm_scale + norm_shift and dh = norm_scale dn - dh_offset - (h -
     * mean) dh_slope, where norm_scale = scale * inverse_std, inverse_std = 1 / sqrt(variance + epsilon),
     * norm_shift = shift. All (out); without norm n = h. */
    real *mean, *inverse_std, *norm_scale, *norm_shift;
    real *dh_slope, *dh_offset;
    struct block_scratch groups[BLOCK_GROUPS];
};

/* One call of block_forward or block_backward: the tensors of the output's size, and the pass. */
struct block_call {
    struct block *block;
    struct tensor y, bare, skip; /* backward: their gradients */
    struct pass pass;
};

/* A tile: rows of a sample on the coarse side, and the rows of the fine side that belong to them. */
struct block_tile {
    int sample;
    struct rows coarse, fine;
};

struct block_tile block_tile(const struct block *block, int number);

/* The rows of h that belong to a tile. */
struct rows block_own(const struct block *block, struct block_tile tile);

/* The rows of h whose gradients a tile's part of dx and dweight needs; may reach beyond the sample. */
struct rows block_needed(const struct block *block, struct block_tile tile);

/* Part number `group` of the range 0 … count - 1, divided into `groups` parts. */
struct rows block_part(int count, int groups, int group);

static inline int block_groups(int tiles)
{
    return tiles < BLOCK_GROUPS ? tiles : BLOCK_GROUPS;
}

/* Dies where the tensors do not have the block's shapes. */
void block_check(const struct block *block, struct tensor x, struct tensor y);

/* Runs `work` over all rows of h, counted through the batch, a chunk at a time; returns the number of groups.
 * A group's chunks follow each other on one thread. */
typedef void block_chunk_function(const struct block_call *call, struct block_scratch *group, size_t first,
                                  int count);
int block_over_chunks(const struct block_call *call, block_chunk_function *work);

/* Adds the bias to the rows [first, first + count) of h, counted through the batch, and applies the
 * activation. `observe`: joins their mean and sum of squared differences from it to the group's sums. */
void block_activate(struct block *block, struct block_scratch *group, size_t first, int count,
                    const real *bias, bool observe);

/* From the groups' sums, or in evaluation the running statistics, to mean, inverse_std, norm_scale and
 * norm_shift. */
void block_normalise(struct block *block, struct block_parameters p, int groups, struct pass pass);

/* Prefetches values that are needed after the dropout factors are drawn. */
static inline void block_prefetch(const real *x, size_t count)
{
    enum { LINE = 64 / sizeof(real) };
    for (size_t i = 0; i < count; i += LINE) __builtin_prefetch(x + i);
}

/* Rows of the result before pooling and skip: u = ((h - mean) norm_scale + norm_shift) factors. */
void block_affine(const struct block *block, real *u, size_t first, int count, const real *factors);

/* The dropout factors of rows of h, in the group's memory; NULL where dropout is off. */
const real *block_dropout_factors(const struct block *block, struct block_scratch *group, size_t first,
                                  int count, struct pass pass);

#endif
