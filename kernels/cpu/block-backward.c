/* A block's backward pass: over chunks of rows for the sums of the normalisation's gradient, then over tiles
 * for the gradients of the convolution. */
#include <string.h>

#include "kernels/cpu/block.h"
#include "kernels/cpu/resize.h"

/* The arguments of one backward pass. */
struct backward {
    struct block_call call; /* y, bare and skip are gradients */
    struct block_parameters p, dp;
    struct tensor dx, x;
};

/* In place: u (2 pairs, channels), the values before pooling, become the gradient of what dropout was applied
 * to. Of two equal values the first counts as the larger one, as in PyTorch. */
static void unpool_rows(real *restrict u, const real *restrict dy, const real *restrict factors, int pairs,
                        int channels)
{
    for (int i = 0; i < pairs; i++, dy += channels, u += 2 * channels) {
        for (int c = 0; c < channels; c++) {
            real first = u[c] >= u[channels + c] ? 1 : 0;
            u[c] = dy[c] * ((real)0.5 + first);
            u[channels + c] = dy[c] * ((real)1.5 - first);
        }
        if (!factors) continue;
        for (int c = 0; c < 2 * channels; c++) u[c] *= factors[c];
        factors += 2 * channels;
    }
}

static void add_rows(real *restrict y, const real *restrict x, size_t count)
{
    for (size_t i = 0; i < count; i++) y[i] += x[i];
}

/* g = (dy + dbare) factors; dbare and factors may be NULL. */
static void join_gradients(real *restrict g, const real *restrict dy, const real *restrict dbare,
                           const real *restrict factors, size_t count)
{
    if (dbare && factors)
        for (size_t i = 0; i < count; i++) g[i] = (dy[i] + dbare[i]) * factors[i];
    else if (dbare)
        for (size_t i = 0; i < count; i++) g[i] = dy[i] + dbare[i];
    else if (factors)
        for (size_t i = 0; i < count; i++) g[i] = dy[i] * factors[i];
    else
        memcpy(g, dy, count * sizeof *g);
}

/* g = rows of dn, the gradient of n = (h - mean) norm_scale + norm_shift. */
static void result_gradient(const struct block_call *call, struct block_scratch *group, real *g, size_t first,
                            int count)
{
    const struct block *block = call->block;
    size_t out = (size_t)block->shape.out, values = (size_t)count * out, start = first * out;
    bool pool = block->shape.pool_pairs;
    const real *dy = cpu_values(call->y.data) + (pool ? start / 2 : start);
    const real *dbare = call->bare.data ? cpu_values(call->bare.data) + (pool ? start / 2 : start) : NULL;
    block_prefetch(dy, pool ? values / 2 : values);
    block_prefetch(block->h + start, values);
    const real *factors = block_dropout_factors(block, group, first, count, call->pass);
    if (!pool) {
        join_gradients(g, dy, dbare, factors, values);
        return;
    }
    if (dbare) {
        join_gradients(group->chunk, dy, dbare, NULL, values / 2);
        dy = group->chunk;
    }
    block_affine(block, g, first, count, factors);
    unpool_rows(g, dy, factors, count / 2, block->shape.out);
}

/* Column sums of g and of g (h - mean). */
static void sum_rows(real *restrict sum, real *restrict moment, const real *restrict g,
                     const real *restrict h, const real *restrict mean, int count, int channels)
{
    memset(sum, 0, (size_t)channels * sizeof *sum);
    memset(moment, 0, (size_t)channels * sizeof *moment);
    for (int i = 0; i < count; i++, g += channels, h += channels)
        for (int c = 0; c < channels; c++) {
            sum[c] += g[c];
            moment[c] += g[c] * (h[c] - mean[c]);
        }
}

static void norm_chunk(const struct block_call *call, struct block_scratch *group, size_t first, int count)
{
    const struct block *block = call->block;
    int out = block->shape.out;
    real *sum = group->vectors, *moment = sum + out, *g = group->gradient;
    result_gradient(call, group, g, first, count);
    sum_rows(sum, moment, g, block->h + first * out, block->mean, count, out);
    for (int c = 0; c < 2 * out; c++) group->sums[c] += (double)group->vectors[c];
}

static void clear_sums(struct block *block)
{
    for (int g = 0; g < BLOCK_GROUPS; g++)
        memset(block->groups[g].sums, 0, 2 * (size_t)block->shape.out * sizeof(double));
}

/* The gradients of scale and shift, and the block's dh_slope and dh_offset. In evaluation the statistics are
 * constants, and these are 0. */
static void norm_gradient(const struct block_call *call, struct block_parameters dp)
{
    struct block *block = call->block;
    int out = block->shape.out;
    double rows = (double)call->y.batch * block->convolved;
    clear_sums(block);
    int groups = block_over_chunks(call, norm_chunk);
    for (int c = 0; c < out; c++) {
        double sum = 0, moment = 0, inverse_std = (double)block->inverse_std[c],
               norm_scale = (double)block->norm_scale[c];
        for (int g = 0; g < groups; g++) {
            sum += block->groups[g].sums[c];
            moment += block->groups[g].sums[out + c];
        }
        if (dp.shift) cpu_values(dp.shift)[c] += (real)sum;
        if (dp.scale) cpu_values(dp.scale)[c] += (real)(moment * inverse_std);
        block->dh_offset[c] = call->pass.training ? (real)(norm_scale * sum / rows) : 0;
        block->dh_slope[c] =
            call->pass.training ? (real)(norm_scale * inverse_std * inverse_std * moment / rows) : 0;
    }
}

/* In place: g, rows of dn, become the gradient before the activation. */
static void activation_gradient(const struct block *block, real *restrict g, size_t first, int count)
{
    int channels = block->shape.out;
    real slope = block->shape.slope;
    const real *restrict h = block->h + first * channels, *restrict mean = block->mean;
    const real *restrict norm_scale = block->norm_scale, *restrict dh_slope = block->dh_slope,
                         *restrict dh_offset = block->dh_offset;
    for (int i = 0; i < count; i++, g += channels, h += channels)
        for (int c = 0; c < channels; c++) {
            real d = norm_scale[c] * g[c] - dh_offset[c] - (h[c] - mean[c]) * dh_slope[c];
            g[c] = h[c] > 0 ? d : slope * d;
        }
}

/* The gradient before the activation for the rows `needed`; zeros where they reach beyond the sample. */
static void tile_gradient(const struct block_call *call, struct block_scratch *group, int sample,
                          struct rows needed)
{
    const struct block *block = call->block;
    size_t out = (size_t)block->shape.out;
    struct rows inside = rows_cut(needed, block->convolved);
    real *g = group->gradient;
    if (rows_count(inside) < rows_count(needed)) memset(g, 0, (size_t)rows_count(needed) * out * sizeof *g);
    for (int row = inside.first, count; row < inside.end; row += count) {
        count = inside.end - row < block->chunk_rows ? inside.end - row : block->chunk_rows;
        size_t first = (size_t)sample * block->convolved + row;
        real *at = g + (size_t)(row - needed.first) * out;
        result_gradient(call, group, at, first, count);
        activation_gradient(block, at, first, count);
    }
}

static void bias_gradient(const struct block *block, struct block_scratch *group, const real *g, int count)
{
    int channels = block->shape.out;
    real *sum = group->vectors;
    for (int n; count > 0; count -= n, g += (size_t)n * channels) {
        n = count < block->chunk_rows ? count : block->chunk_rows;
        memset(sum, 0, (size_t)channels * sizeof *sum);
        for (int i = 0; i < n; i++) add_rows(sum, g + (size_t)i * channels, (size_t)channels);
        for (int c = 0; c < channels; c++) group->sums[c] += (double)sum[c];
    }
}

/* A tile's part of the gradients of a Conv1d: the output is the coarse side. */
static void convolution_tile(const struct backward *b, struct block_scratch *group, struct block_tile tile,
                             struct rows needed)
{
    const struct block *block = b->call.block;
    const struct conv *conv = &block->conv;
    const size_t in = (size_t)b->x.channels, sample = (size_t)tile.sample * b->x.length * in;
    const real *g = group->gradient;
    if (b->dp.weight) {
        const real *rows = conv_padded_rows(group->rows, cpu_values(b->x.data) + sample, conv->fine,
                                            b->x.channels, conv_fine_rows(conv, tile.coarse));
        conv_weight_gradient(conv, group->dweight,
                             g + (ptrdiff_t)(tile.coarse.first - needed.first) * block->shape.out, rows,
                             rows_count(tile.coarse));
    }
    if (b->dx.data && rows_count(tile.fine))
        conv_transposed(conv, cpu_values(b->dx.data) + sample + (size_t)tile.fine.first * in, tile.fine,
                        g + (ptrdiff_t)(conv_coarse_rows(conv, tile.fine).first - needed.first) *
                                block->shape.out,
                        block->arranged_weight);
}

/* A tile's part of the gradients of a ConvTranspose1d: the output is the fine side. */
static void transposed_tile(const struct backward *b, struct block_scratch *group, struct block_tile tile,
                            struct rows needed)
{
    const struct block *block = b->call.block;
    const struct conv *conv = &block->conv;
    size_t at = ((size_t)tile.sample * b->x.length + (size_t)tile.coarse.first) * b->x.channels;
    const real *g = group->gradient +
                    (ptrdiff_t)(conv_fine_rows(conv, tile.coarse).first - needed.first) * block->shape.out;
    int count = rows_count(tile.coarse);
    if (b->dp.weight) conv_weight_gradient(conv, group->dweight, cpu_values(b->x.data) + at, g, count);
    if (b->dx.data) conv_correlate(conv, cpu_values(b->dx.data) + at, g, count, cpu_values(b->p.weight));
}

static void backward_tile(const struct backward *b, struct block_scratch *group, int number)
{
    const struct block *block = b->call.block;
    struct block_tile tile = block_tile(block, number);
    struct rows own = block_own(block, tile), needed = block_needed(block, tile);
    tile_gradient(&b->call, group, tile.sample, needed);
    if (b->dp.bias)
        bias_gradient(block, group,
                      group->gradient + (ptrdiff_t)(own.first - needed.first) * block->shape.out,
                      rows_count(own));
    if (block->shape.transposed)
        transposed_tile(b, group, tile, needed);
    else
        convolution_tile(b, group, tile, needed);
}

/* Adds the groups' partial sums to the gradients of the parameters. */
static void add_partial_sums(const struct block *block, struct block_parameters dp, int groups)
{
    int count = (int)conv_weight_count(&block->conv);
    for (int c = 0; dp.bias && c < block->shape.out; c++) {
        double sum = 0;
        for (int g = 0; g < groups; g++) sum += block->groups[g].sums[c];
        cpu_values(dp.bias)[c] += (real)sum;
    }
    if (!dp.weight) return;
#pragma omp parallel for schedule(static)
    for (int part = 0; part < BLOCK_GROUPS; part++) {
        struct rows range = block_part(count, BLOCK_GROUPS, part);
        for (int g = 0; g < groups; g++)
            add_rows(cpu_values(dp.weight) + range.first, block->groups[g].dweight + range.first,
                     (size_t)rows_count(range));
    }
}

static void convolution_gradient(const struct backward *b)
{
    struct block *block = b->call.block;
    int tiles = b->x.batch * block->tiles, groups = block_groups(tiles);
    clear_sums(block);
    if (!block->shape.transposed && b->dx.data)
        conv_arrange_weights(&block->conv, block->arranged_weight, cpu_values(b->p.weight));
#pragma omp parallel for schedule(dynamic)
    for (int g = 0; g < groups; g++) {
        struct block_scratch *group = &block->groups[g];
        struct rows part = block_part(tiles, groups, g);
        memset(group->dweight, 0, conv_weight_count(&block->conv) * sizeof(real));
        for (int tile = part.first; tile < part.end; tile++) backward_tile(b, group, tile);
    }
    add_partial_sums(block, b->dp, groups);
}

/* dskip comes last: it may be the same memory as dx. */
void cpu_block_backward(struct block *block, struct block_parameters p, struct block_parameters dp,
                        struct tensor dx, struct tensor dskip, struct tensor dy, struct tensor dbare,
                        struct tensor x, struct pass pass)
{
    block_check(block, x, dy);
    struct backward b = {
        .call = {.block = block, .y = dy, .bare = dbare, .pass = pass}, .p = p, .dp = dp, .dx = dx, .x = x};
    if (block->shape.norm) norm_gradient(&b.call, dp);
    convolution_gradient(&b);
    if (dskip.data) cpu_resize_backward(dskip, dy);
}
