/* A convolution block: its memory, and its forward pass. */
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

/* Grows the workspaces to what the block will need. */
static void reserve(const struct block *block)
{
    struct conv conv = block_conv(block, block->batch);
    if (recompute_possible(&block->shape)) {
        recompute_reserve(block);
        return;
    }
    cuda_workspace(WORKSPACE_OPERATION, block_scratch_bytes(block, block->batch * block->convolved));
    conv_reserve(&conv);
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
    if (!convolution_only(shape) && !recompute_possible(shape))
        block->c.data = cuda_memory_or_die(values, block->c.bf16 ? 2 : 4);
    float *vectors = (float *)cuda_memory_or_die(VECTORS * out, sizeof *vectors);
    float **all[VECTORS] = {&block->mean,       &block->inverse_std, &block->norm_scale,
                            &block->norm_shift, &block->dh_slope,    &block->dh_offset};
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

/* Kernel arguments: where the result goes, and the skip. bare and skip may have no data. */
struct results {
    view y, bare, skip;
    struct resize resize;
};

/* Stores a row of bare, and of y = bare + the resized skip. */
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

/* All that follows the convolution: c to y. */
template <int N, int R>
static __global__ void __launch_bounds__(ROWS_THREADS, 4)
    epilogue_rows(struct row_loop loop, struct block_rows b, struct results to)
{
    struct thread_rows at = row_loop_thread<N>(loop);
    for (int step = at.first; step < at.end; step += loop.rows_at_once) {
        vec<N> h[R], f[R], u[R];
        load_h<N, R>(h, b, loop, step, at.channel);
        load_factors<N, R>(f, b, loop, step, at.channel);
        block_result<N, R>(u, h, f, b, at.channel);
        for (int i = 0; i < N && R == 2; i++)
            u[0].v[i] = fmaxf(u[0].v[i], u[R - 1].v[i]) + (u[0].v[i] + u[R - 1].v[i]) / 2;
        store_result<N>(to, u[0], step, loop.channels, at.channel);
    }
}

static void convolve(const struct block *block, struct block_parameters p, view c, struct tensor x)
{
    struct conv conv = block_conv(block, x.batch);
    if (block->shape.transposed)
        conv_transposed(&conv, c, view_of(x), reals(p.weight), reals(p.bias));
    else
        conv_correlate(&conv, c, view_of(x), reals(p.weight), reals(p.bias));
}

static void epilogue(const struct block *block, view c, int rows, struct results to, struct pass pass)
{
    int vec = row_loop_vec(block->shape.out, c, to.y, to.bare, to.skip);
    struct row_loop loop = row_loop_make(rows / block_step(block), block->shape.out, vec, ROW_LOOP_WRITING);
    launch(ROW_LOOP_KERNEL(epilogue_rows, vec, block_step(block)), row_loop_grid(loop), ROWS_THREADS, 0, loop,
           block_rows_make(block, c, pass), to);
}

/* Without a skip and bare the convolution writes y; else its result goes to scratch memory, and the epilogue
 * adds the skip. */
static void convolution_only_forward(const struct block *block, struct block_parameters p, struct results to,
                                     struct tensor x, struct pass pass)
{
    int rows = x.batch * block->convolved;
    view c = to.y;
    if (to.bare.data || to.skip.data) {
        c.data = cuda_workspace(WORKSPACE_OPERATION, block_scratch_bytes(block, rows));
        c.bf16 = block->c.bf16;
    }
    convolve(block, p, c, x);
    if (c.data != to.y.data) epilogue(block, c, rows, to, pass);
}

void cuda_block_forward(struct block *block, struct block_parameters p, struct tensor y, struct tensor bare,
                        struct tensor x, struct tensor skip, struct pass pass)
{
    block_check(block, x, y, bare, skip);
    int rows = x.batch * block->convolved;
    struct results to = {view_of(y), view_of(bare), view_of(skip), resize_make(y.length, skip.length)};
    if (recompute_possible(&block->shape)) {
        recompute_forward(block, p, y, x, pass);
        if (bare.data) cuda_copy(bare, y);
        return;
    }
    if (convolution_only(&block->shape)) {
        convolution_only_forward(block, p, to, x, pass);
        return;
    }
    float *partial =
        (float *)cuda_workspace(WORKSPACE_OPERATION, block_partial_count(block, rows) * sizeof *partial);
    convolve(block, p, block->c, x);
    if (block->shape.norm) block_statistics(block, p, block->c, rows, partial, pass);
    epilogue(block, block->c, rows, to, pass);
}
