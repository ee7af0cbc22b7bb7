/* A block's shapes: the check of its tensors, and the geometry of its convolution. */
#include "kernels/cuda/block/state.cuh"

extern "C" {
#include "common/fail.h"
}

void block_check(const struct block *block, struct tensor x, struct tensor y, struct tensor bare,
                 struct tensor skip)
{
    const struct block_shape *s = &block->shape;
    int rows = block->convolved / (s->pool_pairs ? 2 : 1);
    if (x.batch > block->batch || x.length != block->length || x.channels != s->in || y.batch != x.batch ||
        y.length != rows || y.channels != s->out)
        die("cuda: a block of %d samples, %d rows to %d, was given (%d, %d, %d) and (%d, %d, %d)",
            block->batch, block->length, rows, x.batch, x.length, x.channels, y.batch, y.length, y.channels);
    if (bare.data && (bare.batch != y.batch || bare.length != rows || bare.channels != s->out))
        die("cuda: a block's result without its skip is (%d, %d, %d), not (%d, %d, %d)", y.batch, rows,
            s->out, bare.batch, bare.length, bare.channels);
    if (skip.data && (skip.batch != y.batch || skip.length < 1 || skip.channels != s->out || s->pool_pairs))
        die("cuda: a block with a result of (%d, %d, %d)%s cannot take a skip of (%d, %d, %d)", y.batch, rows,
            s->out, s->pool_pairs ? ", pooled," : "", skip.batch, skip.length, skip.channels);
}

struct conv block_conv(const struct block *block, int batch)
{
    const struct block_shape *s = &block->shape;
    struct conv conv = {batch,
                        s->transposed ? block->length : block->convolved,
                        s->transposed ? block->convolved : block->length,
                        s->transposed ? s->in : s->out,
                        s->transposed ? s->out : s->in,
                        s->kernel,
                        s->stride,
                        s->padding};
    return conv;
}
