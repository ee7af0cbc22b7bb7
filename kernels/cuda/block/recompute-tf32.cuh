/* The kernels of a block that recomputes c, by tensor cores in tf32. A lane has 8 channels of a pair of rows
 * of a warp tile, and so a whole block of random numbers for each row. */
#ifndef KERNELS_CUDA_BLOCK_RECOMPUTE_TF32_CUH
#define KERNELS_CUDA_BLOCK_RECOMPUTE_TF32_CUH

#include "kernels/cuda/base/sums.cuh"
#include "kernels/cuda/block/recompute-pair.cuh"
#include "kernels/cuda/conv/small-mma.cuh"

enum { TF32_WARPS = RECOMPUTE_THREADS / WARP, TF32_PAIRS = WARP_TILE_ROWS / 2 };
enum { TF32_SUMS = 2 * TF32_WARPS * WARP_TILE_CHANNELS };

/* h of a warp tile; its first row's patch is at `patches`. All lanes of the warp call it. */
__device__ static inline pair<8> warp_tile_activations(const recompute &r, const warp_tile_weights &weights,
                                                       const channels<8> &channel, const float *patches)
{
    warp_tile tile;
    pair<8> h;
    for (int j = 0; j < 2; j++)
        for (int c = 0; c < 8; c++) warp_tile_set(tile, j, c, channel.bias[c]);
    warp_tile_multiply(tile, weights, patches, r.pitch);
    for (int j = 0; j < 2; j++)
        for (int c = 0; c < 8; c++) h.v[j][c] = activate(warp_tile_value(tile, j, c), r.slope);
    return h;
}

/* Dropout factors of the rows at element i and i + channels. */
__device__ static inline pair<8> mask_rows(const mask &m, size_t i, int channels)
{
    pair<8> f;
    for (int j = 0; j < 2; j++) {
        vec<8> factors = mask_factors<8>(m, i + (size_t)(j * channels));
        for (int c = 0; c < 8; c++) f.v[j][c] = factors.v[c];
    }
    return f;
}

__device__ static inline void accumulate_pair(warp_tile_sums &sums, const pair<8> &dc, const float *patches,
                                              int pitch)
{
    warp_tile tile;
    for (int j = 0; j < 2; j++)
        for (int c = 0; c < 8; c++) warp_tile_set(tile, j, c, dc.v[j][c]);
    warp_tile_accumulate(sums, tile, patches, pitch);
}

/* Stores each channel's sums over the thread block as a partial sum. */
template <enum stage STAGE>
__device__ inline void store_parts(const recompute &r, const totals<8> &sums, const channels<8> &channel,
                                   int rows, float *shared)
{
    float *pivots = shared + TF32_SUMS, first = 0, second = 0;
    int thread = (int)threadIdx.x, at = thread / WARP * WARP_TILE_CHANNELS + warp_tile_channel();
    __syncthreads();
    for (int c = 0; c < 8; c++) {
        float v[2] = {sums.first[c], sums.second[c]};
        for (int i = 0; i < 2; i++) {
            for (int step = 1; step < 4; step *= 2) v[i] += __shfl_xor_sync(WHOLE_WARP, v[i], step);
            if (lane_in_group() == 0) shared[2 * (at + c) + i] = v[i];
        }
        if (thread < WARP && lane_in_group() == 0) pivots[at + c] = channel.mean[c];
    }
    __syncthreads();
    if (thread >= WARP_TILE_CHANNELS) return;
    for (int warp = 0; warp < TF32_WARPS; warp++) {
        first += shared[2 * (warp * WARP_TILE_CHANNELS + thread)];
        second += shared[2 * (warp * WARP_TILE_CHANNELS + thread) + 1];
    }
    store_part<STAGE>(r, (int)blockIdx.y * WARP_TILE_CHANNELS + thread, first, second, pivots[thread], rows);
}

template <enum stage STAGE>
static __global__ void __launch_bounds__(RECOMPUTE_THREADS, recompute_blocks(STAGE))
    recompute_tf32(recompute r)
{
    float *shared = shared_memory<float>(), *tile_patches = shared + WARP_TILE_WEIGHTS;
    int column = (int)blockIdx.y * WARP_TILE_CHANNELS, a = column + warp_tile_channel();
    int warp = (int)threadIdx.x / WARP, outputs = r.conv.coarse / 2, rows = 0;
    small_load_weights(shared, r.conv, r.weight, column, WARP_TILE_CHANNELS, WARP_TILE_PITCH);
    __syncthreads();
    warp_tile_weights weights;
    warp_tile_sums gradients = {};
    warp_tile_load_weights(weights, shared);
    channels<8> channel = load_channels<8, STAGE>(r, a);
    totals<8> sums = {};
    for (int number = (int)blockIdx.x; number < r.conv.batch * r.tiles; number += (int)gridDim.x) {
        size_t sample = number / r.tiles;
        int first = number % r.tiles * r.pairs, end = min(r.pairs, outputs - first);
        __syncthreads();
        small_load_patches<true>(tile_patches, r.conv, r.x, sample, 2 * first, 2 * r.pairs, r.pitch,
                                 WARP_TILE_PATCH);
        __syncthreads();
        if (STAGE == STATISTICS && !rows) {
            pair<8> pivot = warp_tile_activations(r, weights, channel, tile_patches);
            for (int c = 0; c < 8; c++) channel.mean[c] = __shfl_sync(WHOLE_WARP, pivot.v[0][c], 0, 4);
        }
        for (int start = warp * TF32_PAIRS; start < end; start += TF32_WARPS * TF32_PAIRS) {
            int i = start + lane_in_group();
            size_t at = (sample * outputs + first + i) * r.conv.coarse_channels + a;
            const float *patches = tile_patches + 2 * start * r.pitch;
            vec<8> dy = load_gradient<8, STAGE>(r, at, i < end);
            pair<8> f = {}, h = warp_tile_activations(r, weights, channel, patches), dc = {};
            if (STAGE != STATISTICS) f = mask_rows(r.mask, 2 * at - a, r.conv.coarse_channels);
            if (i < end) dc = pass_over_pair<STAGE>(sums, r, h, f, channel, dy, at, a);
            if (STAGE == GRADIENT) accumulate_pair(gradients, dc, patches, r.pitch);
        }
        rows += 2 * end;
    }
    if (STAGE == RESULT) return;
    store_parts<STAGE>(r, sums, channel, rows, shared);
    if (STAGE == GRADIENT)
        warp_tile_store_sums(r.partial +
                                 blockIdx.x * (size_t)r.conv.coarse_channels * conv_patch_size(r.conv),
                             shared, gradients, r.conv, column);
}

#endif
