/* Forward and backward pass of a block with c in registers only: each kernel loops over all pairs of rows,
 * computes c, and takes from it what its stage is for (recompute-pair.cuh). */
#include "kernels/cuda/base/vectors.cuh"
#include "kernels/cuda/block/recompute-fp32.cuh"
#include "kernels/cuda/block/recompute-tf32.cuh"
#include "kernels/cuda/block/recompute.cuh"
#include "kernels/cuda/conv/conv.cuh"

enum { STEPS = 16, MOST_GROUPS = 32, TILE_BYTES = 32 << 10 };

/* Of an H200: with as many thread blocks as run at once, all end together. */
enum { MULTIPROCESSORS = 132 };

bool recompute_possible(const struct block_shape *s)
{
    return !s->transposed && s->norm && s->pool_pairs && s->kernel * s->in <= FP32_PATCH && s->out % 8 == 0;
}

static bool by_tensor_cores(const struct recompute *r)
{
    return warp_tile_possible(r->conv.coarse_channels, conv_patch_size(r->conv));
}

/* The shape of tiles and of thread blocks. */
static void plan(struct recompute *r)
{
    int groups = r->conv.coarse_channels / FP32_CHANNELS, steps = STEPS, at_once;
    r->groups = groups < MOST_GROUPS ? groups : MOST_GROUPS, r->lines = RECOMPUTE_THREADS / r->groups;
    r->pitch = small_pitch(&r->conv, by_tensor_cores(r) ? (int)WARP_TILE_PATCH : (int)FP32_PADDED);
    at_once = by_tensor_cores(r) ? TF32_WARPS * TF32_PAIRS : r->lines;
    while (steps > 1 && 2 * (size_t)at_once * steps * r->pitch * sizeof(float) > TILE_BYTES) steps /= 2;
    r->pairs = at_once * steps;
    r->tiles = (r->conv.coarse / 2 + r->pairs - 1) / r->pairs;
}

static struct recompute recompute_make(const struct block *block, struct block_parameters p, struct tensor x,
                                       struct pass pass)
{
    struct recompute r = {};
    r.conv = block_conv(block, x.batch);
    r.x = view_of(x), r.weight = reals(p.weight), r.bias = reals(p.bias);
    r.slope = block->shape.slope, r.mask = mask_make(block->shape.dropout, pass);
    r.mean = block->mean, r.norm_scale = block->norm_scale, r.norm_shift = block->norm_shift;
    r.dh_slope = block->dh_slope, r.dh_offset = block->dh_offset;
    plan(&r);
    return r;
}

/* The grid along the channels. */
static unsigned columns(const struct recompute *r)
{
    int channels = by_tensor_cores(r) ? (int)WARP_TILE_CHANNELS : r->groups * (int)FP32_CHANNELS;
    return blocks_for((size_t)r->conv.coarse_channels, (size_t)channels);
}

/* The grid along the rows; each thread block leaves a partial sum. */
static unsigned parts_of(const struct recompute *r, enum stage stage)
{
    size_t tiles = (size_t)r->conv.batch * r->tiles;
    unsigned most = (unsigned)(MULTIPROCESSORS * recompute_blocks(stage)) / columns(r);
    return tiles < most ? (unsigned)tiles : most ? most : 1;
}

static size_t larger(size_t a, size_t b)
{
    return a > b ? a : b;
}

template <enum stage STAGE> static void run(const struct recompute *r)
{
    size_t tile_floats = (size_t)(2 * r->pairs - 1) * r->pitch;
    dim3 grid(parts_of(r, STAGE), columns(r));
    cuda_count_operations(conv_operations(&r->conv) * (STAGE == GRADIENT ? 2 : 1));
    if (by_tensor_cores(r)) {
        size_t sums = larger(TF32_SUMS + WARP_TILE_CHANNELS, TF32_WARPS * WARP_TILE_SUMS);
        launch(recompute_tf32<STAGE>, grid, RECOMPUTE_THREADS,
               larger(WARP_TILE_WEIGHTS + tile_floats + WARP_TILE_PATCH, sums) * sizeof(float), *r);
    } else {
        size_t weights = (size_t)r->groups * FP32_CHANNELS * FP32_PADDED;
        size_t sums = RECOMPUTE_THREADS * (size_t)small_shared_sums<FP32_PATCH>();
        launch(recompute_fp32<STAGE>, grid, RECOMPUTE_THREADS,
               larger(weights + tile_floats + FP32_PADDED, sums) * sizeof(float), *r);
    }
}

/* Scratch memory: partial sums of the stage and of the bias' gradient, and dc, of 2 or 4 bytes a value. */
static void take_scratch(struct recompute *r, const struct block *block, bool dc)
{
    size_t out = (size_t)block->shape.out, parts = parts_of(r, GRADIENT);
    size_t sums = larger((size_t)conv_patch_size(r->conv) * parts, STATISTICS_PART * parts_of(r, STATISTICS));
    size_t values = dc ? (size_t)r->conv.batch * r->conv.coarse * out : 0;
    size_t bytes = out * (sums + parts) * sizeof(float) + values * (block->c.bf16 ? 2 : 4) + 3 * 256;
    struct arena arena = {(char *)cuda_workspace(WORKSPACE_OPERATION, bytes), 0};
    r->partial = arena_take<float>(&arena, out * sums);
    r->bias_partial = arena_take<float>(&arena, parts * out);
    r->dc.bf16 = block->c.bf16;
    if (dc) r->dc.data = arena_take<char>(&arena, values * (block->c.bf16 ? 2 : 4));
}

void recompute_forward(struct block *block, struct block_parameters p, struct tensor y, struct tensor x,
                       struct pass pass)
{
    struct recompute r = recompute_make(block, p, x, pass);
    take_scratch(&r, block, false);
    if (pass.training) run<STATISTICS>(&r);
    block_join_statistics(block, p, r.partial, (int)parts_of(&r, STATISTICS), pass);
    r.y = view_of(y), r.vectorised = vec_size((size_t)y.channels, r.y) == 8;
    run<RESULT>(&r);
}

void recompute_backward(struct block *block, struct block_parameters p, struct block_parameters dp,
                        struct tensor dx, struct tensor dy, struct tensor dbare, struct tensor x,
                        struct pass pass)
{
    struct recompute r = recompute_make(block, p, x, pass);
    int parts = (int)parts_of(&r, GRADIENT), out = block->shape.out;
    take_scratch(&r, block, dx.data != NULL);
    r.y = view_of(dy), r.dbare = view_of(dbare);
    r.vectorised = vec_size((size_t)out, r.y, r.dbare) == 8;
    run<SUMS>(&r);
    block_join_gradient(block, dp, r.partial, (int)parts_of(&r, SUMS), x.batch * block->convolved, pass);
    if (!dp.weight && !dp.bias && !dx.data) return;
    run<GRADIENT>(&r);
    if (dp.weight)
        cuda_add_partial_sums(reals(dp.weight), r.partial, parts, out * conv_patch_size(r.conv), 1, true);
    if (dp.bias) cuda_add_partial_sums(reals(dp.bias), r.bias_partial, parts, out, 1, true);
    if (dx.data) conv_transposed(&r.conv, view_of(dx), r.dc, r.weight, NULL);
}

void recompute_reserve(const struct block *block)
{
    struct block_parameters none = {};
    struct tensor x = tensor_make(NULL, block->batch, block->length, block->shape.in);
    struct pass pass = {};
    struct recompute r = recompute_make(block, none, x, pass);
    take_scratch(&r, block, false);
}
