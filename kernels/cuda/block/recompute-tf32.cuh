/* The passes of a recomputed block by products of tiles in tf32. A lane of a unit has 8 channels of a pair of
 * rows, and so a whole block of random numbers of each. */
#ifndef KERNELS_CUDA_BLOCK_RECOMPUTE_TF32_CUH
#define KERNELS_CUDA_BLOCK_RECOMPUTE_TF32_CUH

#include "kernels/cuda/base/sums.cuh"
#include "kernels/cuda/block/recompute-pair.cuh"
#include "kernels/cuda/conv/small-mma.cuh"

enum { TILES_WARPS = RECOMPUTED_THREADS / WARP, UNIT_PAIRS = UNIT_ROWS / 2 };
enum { TILES_SUMS = 2 * TILES_WARPS * UNIT_CHANNELS };

/* h of a unit whose windows begin at `windows`. All lanes of the warp. */
__device__ static inline pair<8> unit_activations(const recomputed &r, const unit_weights &weights,
                                                  const channels<8> &channel, const float *windows)
{
    unit u;
    pair<8> h;
    for (int j = 0; j < 2; j++)
        for (int c = 0; c < 8; c++) unit_set(u, j, c, channel.bias[c]);
    unit_multiply(u, weights, windows, r.pitch);
    for (int j = 0; j < 2; j++)
        for (int c = 0; c < 8; c++) h.v[j][c] = activate(unit_value(u, j, c), r.slope);
    return h;
}

/* Dropout's factors for the rows at element i and i + channels. */
__device__ static inline pair<8> mask_rows(const mask &m, size_t i, int channels)
{
    pair<8> f;
    for (int j = 0; j < 2; j++) {
        vec<8> factors = mask_factors<8>(m, i + (size_t)(j * channels));
        for (int c = 0; c < 8; c++) f.v[j][c] = factors.v[c];
    }
    return f;
}

__device__ static inline void accumulate_pair(unit_sums &sums, const pair<8> &dc, const float *windows,
                                              int pitch)
{
    unit u;
    for (int j = 0; j < 2; j++)
        for (int c = 0; c < 8; c++) unit_set(u, j, c, dc.v[j][c]);
    unit_accumulate(sums, u, windows, pitch);
}

/* The sums of each channel over the block, to its part. */
template <enum stage STAGE>
__device__ inline void store_parts(const recomputed &r, const totals<8> &sums, const channels<8> &channel,
                                   int rows, float *shared)
{
    float *pivots = shared + TILES_SUMS, first = 0, second = 0;
    int thread = (int)threadIdx.x, at = thread / WARP * UNIT_CHANNELS + unit_channel();
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
    if (thread >= UNIT_CHANNELS) return;
    for (int warp = 0; warp < TILES_WARPS; warp++) {
        first += shared[2 * (warp * UNIT_CHANNELS + thread)];
        second += shared[2 * (warp * UNIT_CHANNELS + thread) + 1];
    }
    store_part<STAGE>(r, (int)blockIdx.y * UNIT_CHANNELS + thread, first, second, pivots[thread], rows);
}

template <enum stage STAGE>
static __global__ void __launch_bounds__(RECOMPUTED_THREADS, recomputed_blocks(STAGE))
    recompute_tiles(recomputed r)
{
    float *shared = shared_memory<float>(), *tile = shared + UNIT_WEIGHTS;
    int column = (int)blockIdx.y * UNIT_CHANNELS, a = column + unit_channel();
    int warp = (int)threadIdx.x / WARP, outputs = r.w.coarse / 2, rows = 0;
    thin_load_weights(shared, r.w, r.weight, column, UNIT_CHANNELS, UNIT_PITCH);
    __syncthreads();
    unit_weights weights;
    unit_sums gradients = {};
    unit_hold(weights, shared);
    channels<8> channel = load_channels<8, STAGE>(r, a);
    totals<8> sums = {};
    for (int number = (int)blockIdx.x; number < r.w.batch * r.tiles; number += (int)gridDim.x) {
        size_t sample = number / r.tiles;
        int first = number % r.tiles * r.pairs, end = min(r.pairs, outputs - first);
        __syncthreads();
        thin_load_windows<true>(tile, r.w, r.x, sample, 2 * first, 2 * r.pairs, r.pitch, UNIT_WIDTH);
        __syncthreads();
        if (STAGE == STATISTICS && !rows) {
            pair<8> pivot = unit_activations(r, weights, channel, tile);
            for (int c = 0; c < 8; c++) channel.mean[c] = __shfl_sync(WHOLE_WARP, pivot.v[0][c], 0, 4);
        }
        for (int start = warp * UNIT_PAIRS; start < end; start += TILES_WARPS * UNIT_PAIRS) {
            int i = start + lane_in_group();
            size_t at = (sample * outputs + first + i) * r.w.coarse_channels + a;
            const float *windows = tile + 2 * start * r.pitch;
            vec<8> dy = load_gradient<8, STAGE>(r, at, i < end);
            pair<8> f = {}, h = unit_activations(r, weights, channel, windows), dc = {};
            if (STAGE != STATISTICS) f = mask_rows(r.mask, 2 * at - a, r.w.coarse_channels);
            if (i < end) dc = take_pair<STAGE>(sums, r, h, f, channel, dy, at, a);
            if (STAGE == GRADIENT) accumulate_pair(gradients, dc, windows, r.pitch);
        }
        rows += 2 * end;
    }
    if (STAGE == RESULT) return;
    store_parts<STAGE>(r, sums, channel, rows, shared);
    if (STAGE == GRADIENT)
        unit_store_sums(r.parts + blockIdx.x * (size_t)r.w.coarse_channels * window_width(r.w), shared,
                        gradients, r.w, column);
}

#endif
