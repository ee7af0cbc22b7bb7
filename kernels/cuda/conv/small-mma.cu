/* Convolution of small patches by tensor cores in tf32. The bandwidth of the coarse side limits it. */
#include "kernels/cuda/base/vectors.cuh"
#include "kernels/cuda/conv/small-mma.cuh"

enum { THREADS = 256, WARPS = THREADS / WARP, STEPS = 8, TILE_BYTES = 32 << 10, AHEAD = 2 };

/* Thread blocks that sum a gradient, at most, each into a partial sum. */
static const unsigned most_parts = 264;

bool conv_small_mma_possible(const struct conv *g, view coarse)
{
    return conv_small_possible(g) && warp_tile_possible(g->coarse_channels, conv_patch_size(*g)) &&
           vec_size((size_t)g->coarse_channels, coarse) == 8;
}

/* A thread block takes the channels of one warp tile (blockIdx.y), and tiles of `rows` coarse rows. */
struct small_mma_tiling {
    struct conv conv;
    int rows, pitch, tiles; /* of a sample */
};

static struct small_mma_tiling small_mma_tiling_make(const struct conv *g)
{
    struct small_mma_tiling t = {*g, WARPS * WARP_TILE_ROWS * STEPS, small_pitch(g, WARP_TILE_PATCH), 0};
    while ((size_t)t.rows * t.pitch * sizeof(float) > TILE_BYTES) t.rows /= 2;
    t.tiles = (g->coarse + t.rows - 1) / t.rows;
    return t;
}

static size_t tile_floats(const struct small_mma_tiling *t)
{
    return (size_t)(t->rows - 1) * t->pitch + WARP_TILE_PATCH;
}

static unsigned columns(const struct conv *g)
{
    return (unsigned)(g->coarse_channels / WARP_TILE_CHANNELS);
}

static __global__ void __launch_bounds__(THREADS, 2)
    correlate(small_mma_tiling t, view coarse, view fine, const float *weight, const float *bias)
{
    float *weights = shared_memory<float>(), *tile_patches = weights + WARP_TILE_WEIGHTS;
    size_t sample = blockIdx.x / t.tiles;
    int first = (int)(blockIdx.x % t.tiles) * t.rows, column = (int)blockIdx.y * WARP_TILE_CHANNELS;
    int a = column + warp_tile_channel(), end = min(t.rows, t.conv.coarse - first);
    small_load_weights(weights, t.conv, weight, column, WARP_TILE_CHANNELS, WARP_TILE_PITCH);
    small_load_patches<true>(tile_patches, t.conv, fine, sample, first, t.rows, t.pitch, WARP_TILE_PATCH);
    __syncthreads();
    warp_tile_weights mine;
    warp_tile_load_weights(mine, weights);
    for (int row = (int)threadIdx.x / WARP * WARP_TILE_ROWS; row < end; row += WARPS * WARP_TILE_ROWS) {
        warp_tile tile;
        for (int i = 0; i < 8; i++)
            for (int j = 0; j < 2; j++) warp_tile_set(tile, j, i, bias ? bias[a + i] : 0);
        warp_tile_multiply(tile, mine, tile_patches + row * t.pitch, t.pitch);
        for (int j = 0, at = row + warp_tile_row(); j < 2; j++, at++) {
            vec<8> values;
            for (int i = 0; i < 8; i++) values.v[i] = warp_tile_value(tile, j, i);
            if (at < end)
                store_vec<8>(coarse, (sample * t.conv.coarse + first + at) * t.conv.coarse_channels + a,
                             values);
        }
    }
}

void conv_small_mma_correlate(const struct conv *g, view coarse, view fine, const float *weight,
                              const float *bias)
{
    struct small_mma_tiling t = small_mma_tiling_make(g);
    cuda_count_operations(conv_operations(g));
    launch(correlate, dim3((unsigned)(g->batch * t.tiles), columns(g)), THREADS,
           (WARP_TILE_WEIGHTS + tile_floats(&t)) * sizeof(float), t, coarse, fine, weight, bias);
}

/* Loads the coarse values of the warp tile whose first row is `row`; zeros from row `end` on. */
__device__ static inline void load_warp_tile(warp_tile &tile, view coarse, size_t start, int channels,
                                             int row, int end)
{
    for (int j = 0, at = row + warp_tile_row(); j < 2; j++, at++) {
        vec<8> values = {};
        if (at < end) values = load_vec<8>(coarse, start + (size_t)at * channels);
        for (int i = 0; i < 8; i++) warp_tile_set(tile, j, i, values.v[i]);
    }
}

/* The weight's gradient: a thread block sums over several tiles; each warp loads AHEAD warp tiles before it
 * uses them, so that the loads overlap. */
static __global__ void __launch_bounds__(THREADS, 2)
    gradient(small_mma_tiling t, float *partial, view coarse, view fine)
{
    float *tile_patches = shared_memory<float>(); /* reused for the warps' sums */
    int column = (int)blockIdx.y * WARP_TILE_CHANNELS, channels = t.conv.coarse_channels;
    warp_tile_sums sums = {};
    for (int number = (int)blockIdx.x; number < t.conv.batch * t.tiles; number += (int)gridDim.x) {
        size_t sample = number / t.tiles;
        int first = number % t.tiles * t.rows, end = min(t.rows, t.conv.coarse - first);
        size_t start = (sample * t.conv.coarse + first) * channels + column + warp_tile_channel();
        __syncthreads();
        small_load_patches<true>(tile_patches, t.conv, fine, sample, first, t.rows, t.pitch, WARP_TILE_PATCH);
        __syncthreads();
        for (int row = (int)threadIdx.x / WARP * WARP_TILE_ROWS; row < end;
             row += AHEAD * WARPS * WARP_TILE_ROWS) {
            warp_tile ahead[AHEAD];
#pragma unroll
            for (int i = 0; i < AHEAD; i++)
                load_warp_tile(ahead[i], coarse, start, channels, row + i * WARPS * WARP_TILE_ROWS, end);
#pragma unroll
            for (int i = 0, at = row; i < AHEAD; i++, at += WARPS * WARP_TILE_ROWS)
                if (at < end) warp_tile_accumulate(sums, ahead[i], tile_patches + at * t.pitch, t.pitch);
        }
    }
    warp_tile_store_sums(partial + blockIdx.x * (size_t)channels * conv_patch_size(t.conv), tile_patches,
                         sums, t.conv, column);
}

void conv_small_mma_weight_gradient(const struct conv *g, float *dweight, view coarse, view fine)
{
    struct small_mma_tiling t = small_mma_tiling_make(g);
    size_t weights = conv_weight_count(g), floats = tile_floats(&t), tiles = (size_t)g->batch * t.tiles;
    unsigned most = most_parts > columns(g) ? most_parts / columns(g) : 1;
    unsigned parts = tiles < most ? (unsigned)tiles : most;
    float *to = (float *)cuda_workspace(WORKSPACE_CONV, parts * weights * sizeof *to);
    if (floats < WARPS * WARP_TILE_SUMS) floats = WARPS * WARP_TILE_SUMS;
    cuda_count_operations(conv_operations(g));
    launch(gradient, dim3(parts, columns(g)), THREADS, floats * sizeof(float), t, to, coarse, fine);
    cuda_add_partial_sums(dweight, to, (int)parts, (int)weights, 1, true);
}
