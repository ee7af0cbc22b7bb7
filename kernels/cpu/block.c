/* A convolution block: its tiles and memory, and its forward pass. */
#include "kernels/cpu/block.h"

#include <string.h>

#include "common/fail.h"
#include "kernels/cpu/resize.h"

enum {
    TILE_BYTES =
        1536 * 1024, /* of both sides of a tile: half of them are in use at a time, and stay in the cache */
    TILE_ROWS_MOST = 1536,
    TILE_ROWS_LEAST = 128,
    CHUNK_VALUES = 2048 /* of a chunk of element-wise work: stays in the first-level cache */
};

static int even(int rows)
{
    return rows + (rows & 1);
}

/* Tiles that fit in the cache; at least as many as there are groups, unless they would be too small. */
static void plan_tiles(struct block *block)
{
    const struct conv *conv = &block->conv;
    int row = (conv->coarse_channels + conv->stride * conv->fine_channels) * (int)sizeof(real);
    int rows = TILE_BYTES / row, share = block->batch * conv->coarse / BLOCK_GROUPS;
    if (rows > share) rows = share;
    if (rows > TILE_ROWS_MOST) rows = TILE_ROWS_MOST;
    if (rows < TILE_ROWS_LEAST) rows = TILE_ROWS_LEAST;
    int tiles = (conv->coarse + rows - 1) / rows;
    block->tile_rows = even((conv->coarse + tiles - 1) / tiles);
    block->tiles = (conv->coarse + block->tile_rows - 1) / block->tile_rows;
    block->chunk_rows = even(CHUNK_VALUES / block->shape.out);
    if (block->chunk_rows < 2) block->chunk_rows = 2;
}

struct block_tile block_tile(const struct block *block, int number)
{
    int first = number % block->tiles * block->tile_rows;
    struct rows coarse = rows_cut((struct rows){first, first + block->tile_rows}, block->conv.coarse);
    return (struct block_tile){number / block->tiles, coarse, conv_fine_share(&block->conv, coarse)};
}

struct rows block_own(const struct block *block, struct block_tile tile)
{
    return block->shape.transposed ? tile.fine : tile.coarse;
}

struct rows block_needed(const struct block *block, struct block_tile tile)
{
    const struct conv *conv = &block->conv;
    struct rows own = block_own(block, tile), needed = own;
    if (block->shape.transposed)
        needed = conv_fine_rows(conv, tile.coarse);
    else if (rows_count(tile.fine))
        needed = conv_coarse_rows(conv, tile.fine);
    if (rows_count(own)) needed = rows_both(needed, own);
    if (block->shape.pool_pairs) needed = (struct rows){needed.first & ~1, (needed.end + 1) & ~1};
    return needed;
}

struct rows block_part(int count, int groups, int group)
{
    return (struct rows){(int)((int64_t)count * group / groups),
                         (int)((int64_t)count * (group + 1) / groups)};
}

/* The rows of x that the forward pass reads for a tile; none for a tile without rows of h. */
static struct rows rows_read(const struct block *block, struct block_tile tile)
{
    const struct conv *conv = &block->conv;
    if (!block->shape.transposed) return conv_fine_rows(conv, tile.coarse);
    return rows_count(tile.fine) ? conv_coarse_rows(conv, tile.fine) : tile.fine;
}

static void allocate_scratch(struct block *block, struct block_scratch *group)
{
    size_t out = (size_t)block->shape.out, read = 0, needed = 0;
    for (int t = 0; t < block->tiles; t++) {
        size_t a = (size_t)rows_count(rows_read(block, block_tile(block, t)));
        size_t b = (size_t)rows_count(block_needed(block, block_tile(block, t)));
        read = a > read ? a : read;
        needed = b > needed ? b : needed;
    }
    if (needed < (size_t)block->chunk_rows) needed = (size_t)block->chunk_rows;
    group->rows = cpu_memory_or_die(read * (size_t)block->shape.in, sizeof(real));
    group->gradient = cpu_memory_or_die(needed * out, sizeof(real));
    group->chunk = cpu_memory_or_die((size_t)block->chunk_rows * out, sizeof(real));
    group->factors = cpu_memory_or_die((size_t)block->chunk_rows * out, sizeof(real));
    group->vectors = cpu_memory_or_die(3 * out, sizeof(real));
    group->sums = cpu_memory_or_die(2 * out, sizeof(double));
    group->dweight = cpu_memory_or_die(conv_weight_count(&block->conv), sizeof(real));
}

static void allocate_vectors(struct block *block)
{
    real **vectors[] = {&block->mean,       &block->norm_scale, &block->inverse_std,
                        &block->norm_shift, &block->dh_slope,   &block->dh_offset};
    for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++)
        *vectors[i] = cpu_memory_or_die((size_t)block->shape.out, sizeof(real));
    for (int c = 0; c < block->shape.out; c++) block->norm_scale[c] = block->inverse_std[c] = 1;
}

struct block *cpu_block_new_or_die(const struct block_shape *shape, int batch, int length)
{
    int convolved = block_convolved_length(shape, length);
    if (batch < 1 || length < 1 || convolved < 1 || (shape->pool_pairs && convolved % 2))
        die("cpu: a block cannot make %d rows of %d", convolved, length);
    struct block *block = cpu_memory_or_die(1, sizeof *block);
    *block = (struct block){.shape = *shape, .batch = batch, .length = length, .convolved = convolved};
    bool t = shape->transposed;
    block->conv = (struct conv){.coarse = t ? length : convolved,
                                .fine = t ? convolved : length,
                                .coarse_channels = t ? shape->in : shape->out,
                                .fine_channels = t ? shape->out : shape->in,
                                .kernel = shape->kernel,
                                .stride = shape->stride,
                                .padding = shape->padding};
    plan_tiles(block);
    size_t rows = (size_t)batch * (size_t)convolved;
    block->h = cpu_memory_or_die(rows * (size_t)shape->out, sizeof(real));
    block->arranged_weight = cpu_memory_or_die(conv_weight_count(&block->conv), sizeof(real));
    allocate_vectors(block);
    for (int g = 0; g < BLOCK_GROUPS; g++) allocate_scratch(block, &block->groups[g]);
    return block;
}

void cpu_block_free(struct block *block)
{
    if (!block) return;
    for (struct block_scratch *g = block->groups; g < block->groups + BLOCK_GROUPS; g++) {
        void *memory[] = {g->rows, g->gradient, g->chunk, g->factors, g->vectors, g->sums, g->dweight};
        for (size_t i = 0; i < sizeof memory / sizeof *memory; i++) cpu_memory_release(memory[i]);
    }
    void *memory[] = {block->h,          block->arranged_weight, block->mean,
                      block->norm_scale, block->inverse_std,     block->norm_shift,
                      block->dh_slope,   block->dh_offset,       block};
    for (size_t i = 0; i < sizeof memory / sizeof *memory; i++) cpu_memory_release(memory[i]);
}

void block_check(const struct block *block, struct tensor x, struct tensor y)
{
    const struct block_shape *s = &block->shape;
    if (x.batch <= block->batch && x.length == block->length && x.channels == s->in && y.batch == x.batch &&
        y.length == block->convolved / (s->pool_pairs ? 2 : 1) && y.channels == s->out)
        return;
    die("cpu: a block of %d samples, %d rows to %d, was given (%d, %d, %d) and (%d, %d, %d)", block->batch,
        block->length, block->convolved, x.batch, x.length, x.channels, y.batch, y.length, y.channels);
}

static void convolve_tile(struct block *block, struct block_scratch *group, struct block_parameters p,
                          struct tensor x, int number, bool observe)
{
    const struct conv *conv = &block->conv;
    struct block_tile tile = block_tile(block, number);
    struct rows own = block_own(block, tile);
    if (!rows_count(own)) return;
    size_t first = (size_t)tile.sample * block->convolved + own.first;
    const real *sample = cpu_values(x.data) + (size_t)tile.sample * x.length * x.channels;
    const real *rows = conv_padded_rows(group->rows, sample, x.length, x.channels, rows_read(block, tile));
    real *h = block->h + first * block->shape.out;
    if (block->shape.transposed)
        conv_transposed(conv, h, own, rows, block->arranged_weight);
    else
        conv_correlate(conv, h, rows, rows_count(own), cpu_values(p.weight));
    for (int done = 0, count; done < rows_count(own); done += count) {
        count = rows_count(own) - done < block->chunk_rows ? rows_count(own) - done : block->chunk_rows;
        block_activate(block, group, first + done, count, cpu_values(p.bias), observe);
    }
}

/* x to h, and the statistics of h into the groups' sums; returns the number of groups. */
static int convolve(struct block *block, struct block_parameters p, struct tensor x, struct pass pass)
{
    int tiles = x.batch * block->tiles, groups = block_groups(tiles);
    bool observe = block->shape.norm && pass.training;
    if (block->shape.transposed)
        conv_arrange_weights(&block->conv, block->arranged_weight, cpu_values(p.weight));
#pragma omp parallel for schedule(dynamic)
    for (int g = 0; g < groups; g++) {
        struct block_scratch *group = &block->groups[g];
        struct rows part = block_part(tiles, groups, g);
        group->count = 0;
        memset(group->sums, 0, 2 * (size_t)block->shape.out * sizeof *group->sums);
        for (int tile = part.first; tile < part.end; tile++) convolve_tile(block, group, p, x, tile, observe);
    }
    return groups;
}

static void pool_rows(real *restrict y, const real *restrict u, int pairs, int channels)
{
    for (int i = 0; i < pairs; i++, y += channels, u += 2 * channels)
        for (int c = 0; c < channels; c++) {
            real a = u[c], b = u[channels + c];
            y[c] = (a >= b ? a : b) + (a + b) / 2;
        }
}

/* Rows of y, counted through the batch, += the resized skip. */
static void add_skip(struct tensor y, struct tensor skip, size_t first, int count)
{
    for (int n; count > 0; first += n, count -= n) {
        int row = (int)(first % y.length);
        size_t sample = first / y.length;
        n = count < y.length - row ? count : y.length - row;
        cpu_resize_add(cpu_values(y.data) + first * y.channels, row, n, y.length,
                       cpu_values(skip.data) + sample * skip.length * skip.channels, skip.length, y.channels);
    }
}

/* Rows of h to rows of y. */
static void finish_chunk(const struct block_call *call, struct block_scratch *group, size_t first, int count)
{
    struct block *block = call->block;
    block_prefetch(block->h + first * block->shape.out, (size_t)count * block->shape.out);
    const real *factors = block_dropout_factors(block, group, first, count, call->pass);
    bool pool = block->shape.pool_pairs;
    size_t out = (size_t)block->shape.out, start = (pool ? first / 2 : first) * out;
    real *y = cpu_values(call->y.data) + start;
    block_affine(block, pool ? group->chunk : y, first, count, factors);
    if (pool) pool_rows(y, group->chunk, count / 2, block->shape.out);
    if (call->bare.data)
        memcpy(cpu_values(call->bare.data) + start, y, (size_t)count / (pool ? 2 : 1) * out * sizeof *y);
    if (call->skip.data) add_skip(call->y, call->skip, first, count);
}

int block_over_chunks(const struct block_call *call, block_chunk_function *work)
{
    struct block *block = call->block;
    size_t rows = (size_t)call->y.batch * block->convolved, step = (size_t)block->chunk_rows;
    int chunks = (int)((rows + step - 1) / step), groups = block_groups(chunks);
#pragma omp parallel for schedule(dynamic)
    for (int g = 0; g < groups; g++) {
        struct rows part = block_part(chunks, groups, g);
        for (int chunk = part.first; chunk < part.end; chunk++) {
            size_t first = (size_t)chunk * step;
            work(call, &block->groups[g], first, (int)(rows - first < step ? rows - first : step));
        }
    }
    return groups;
}

void cpu_block_forward(struct block *block, struct block_parameters p, struct tensor y, struct tensor bare,
                       struct tensor x, struct tensor skip, struct pass pass)
{
    block_check(block, x, y);
    int groups = convolve(block, p, x, pass);
    block_normalise(block, p, groups, pass);
    struct block_call call = {.block = block, .y = y, .bare = bare, .skip = skip, .pass = pass};
    block_over_chunks(&call, finish_chunk);
}
