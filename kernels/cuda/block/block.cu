/* A block's memory, and its forward pass. */
#include "kernels/cuda/block/batch-norm.cuh"
#include "kernels/cuda/block/recompute.cuh"
#include "kernels/cuda/block/rows.cuh"
#include "kernels/cuda/conv/conv.cuh"
#include "kernels/cuda/resize.cuh"

extern "C" {
#include "common/fail.h"
#include "common/memory.h"
}

enum { VECTORS = 6 };

/* What a block will ask for is asked for when it is made. */
static void reserve(const struct block *block)
{
    struct conv w = block_conv(block, block->batch);
    if (recomputed_possible(&block->shape)) {
        recomputed_reserve(block);
        return;
    }
    cuda_workspace(WORKSPACE_OPERATION, block_scratch(block, block->batch * block->convolved));
    conv_reserve(&w);
}

struct block *cuda_block_new_or_die(const struct block_shape *shape, int batch, int length)
{
    int convolved = block_convolved_length(shape, length), rows;
    if (batch < 1 || length < 1 || convolved < 1 || (shape->pool_pairs && convolved % 2) ||
        __builtin_mul_overflow(batch, convolved, &rows))
        die("cuda: a block cannot make %d rows of %d", convolved, length);
    struct block *block = (struct block *)allocate_or_die(1, sizeof *block);
    block->shape = *shape;
    block->batch = batch, block->length = length, block->convolved = convolved;
    block->c.bf16 = shape->bf16 && cuda_bf16();
    size_t out = (size_t)shape->out, values = (size_t)rows * out;
    if (!block_plain(shape) && !recomputed_possible(shape))
        block->c.data = cuda_memory_or_die(values, block->c.bf16 ? 2 : 4);
    float *vectors = (float *)cuda_memory_or_die(VECTORS * out, sizeof *vectors);
    float **all[VECTORS] = {&block->mean,  &block->inverse, &block->gain,
                            &block->shift, &block->pull,    &block->slip};
    for (int i = 0; i < VECTORS; i++) *all[i] = vectors + i * out;
    block->tickets = (unsigned *)cuda_memory_or_die(blocks_for(out, WARP), sizeof *block->tickets);
    reserve(block);
    return block;
}

void cuda_block_free(struct block *block)
{
    if (!block) return;
    cuda_memory_release(block->c.data);
    cuda_memory_release(block->mean);
    cuda_memory_release(block->tickets);
    free(block);
}

/* Where the result goes; bare and skip may have no data. */
struct results {
    view y, bare, skip;
    struct resize resize;
};

/* A row of the result: bare, and with the skip. */
template <int N>
__device__ inline void store_result(const struct results &to, vec<N> u, int row, int channels, int channel)
{
    size_t at = (size_t)row * channels + channel;
    if (to.bare.data) store_vec<N>(to.bare, at, u);
    if (to.skip.data) {
        int sample = row / to.resize.outputs;
        struct place place = place_of(to.resize, row - sample * to.resize.outputs);
        size_t first = (size_t)sample * to.resize.inputs;
        vec<N> a = load_vec<N>(to.skip, (first + place.at) * channels + channel), b = a;
        if (place.share != 0) b = load_vec<N>(to.skip, (first + place.next) * channels + channel);
        for (int i = 0; i < N; i++) u.v[i] += (1 - place.share) * a.v[i] + place.share * b.v[i];
    }
    store_vec<N>(to.y, at, u);
}

template <int N, int R>
static __global__ void __launch_bounds__(ROWS_THREADS, 4)
    finish_rows(struct walk w, struct block_rows b, struct results to)
{
    struct stride at = walk_stride<N>(w);
    for (int step = at.first; step < at.end; step += w.at_once) {
        vec<N> h[R], f[R], u[R];
        load_h<N, R>(h, b, w, step, at.channel);
        load_factors<N, R>(f, b, w, step, at.channel);
        block_result<N, R>(u, h, f, b, at.channel);
        for (int i = 0; i < N && R == 2; i++)
            u[0].v[i] = fmaxf(u[0].v[i], u[R - 1].v[i]) + (u[0].v[i] + u[R - 1].v[i]) / 2;
        store_result<N>(to, u[0], step, w.channels, at.channel);
    }
}

static void convolve(const struct block *block, struct block_parameters p, view c, struct tensor x)
{
    struct conv w = block_conv(block, x.batch);
    if (block->shape.transposed)
        conv_transposed(&w, c, view_of(x), reals(p.weight), reals(p.bias));
    else
        conv_correlate(&w, c, view_of(x), reals(p.weight), reals(p.bias));
}

static void finish(const struct block *block, view c, int rows, struct results to, struct pass pass)
{
    int vec = walk_pack(block->shape.out, c, to.y, to.bare, to.skip);
    struct walk w = walk_make(rows / block_step(block), block->shape.out, vec, WALK_WRITING);
    launch(WALK_KERNEL(finish_rows, vec, block_step(block)), walk_grid(w), ROWS_THREADS, 0, w,
           block_rows_make(block, c, pass), to);
}

/* A plain block's convolution is the result, or goes through scratch to where a skip is added. */
static void plain_forward(const struct block *block, struct block_parameters p, struct results to,
                          struct tensor x, struct pass pass)
{
    int rows = x.batch * block->convolved;
    view c = to.y;
    if (to.bare.data || to.skip.data) {
        c.data = cuda_workspace(WORKSPACE_OPERATION, block_scratch(block, rows));
        c.bf16 = block->c.bf16;
    }
    convolve(block, p, c, x);
    if (c.data != to.y.data) finish(block, c, rows, to, pass);
}

void cuda_block_forward(struct block *block, struct block_parameters p, struct tensor y, struct tensor bare,
                        struct tensor x, struct tensor skip, struct pass pass)
{
    block_check(block, x, y, bare, skip);
    int rows = x.batch * block->convolved;
    struct results to = {view_of(y), view_of(bare), view_of(skip), resize_make(y.length, skip.length)};
    if (recomputed_possible(&block->shape)) {
        recomputed_forward(block, p, y, x, pass);
        if (bare.data) cuda_copy(bare, y);
        return;
    }
    if (block_plain(&block->shape)) {
        plain_forward(block, p, to, x, pass);
        return;
    }
    float *partial = (float *)cuda_workspace(WORKSPACE_OPERATION, block_parts(block, rows) * sizeof *partial);
    convolve(block, p, block->c, x);
    if (block->shape.norm) block_statistics(block, p, block->c, rows, partial, pass);
    finish(block, block->c, rows, to, pass);
}
