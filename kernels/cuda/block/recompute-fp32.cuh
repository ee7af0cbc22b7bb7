/* The passes of a recomputed block in fp32, for any number of channels that is a multiple of 8. */
#ifndef KERNELS_CUDA_BLOCK_RECOMPUTE_FP32_CUH
#define KERNELS_CUDA_BLOCK_RECOMPUTE_FP32_CUH

#include "kernels/cuda/base/sums.cuh"
#include "kernels/cuda/block/recompute-pair.cuh"
#include "kernels/cuda/conv/small.cuh"

/* A thread has half a block of random numbers of each row; windows have at most ROWS_WIDTH values. */
enum { ROWS_CHANNELS = 4, ROWS_WIDTH = 18, ROWS_WIDE = thin_wide(ROWS_WIDTH) };

typedef thin_weights<ROWS_WIDTH, ROWS_CHANNELS> rows_weights;

/* Dropout's factors for the rows at element i and i + channels. Of two neighbouring lanes, which hold a
 * block's two halves, each makes one row's block. All lanes of the warp. */
__device__ static inline pair<ROWS_CHANNELS> mask_halves(const mask &m, size_t i, int channels)
{
    pair<ROWS_CHANNELS> f;
    uint32_t words[4], row[2][2];
    bool odd = threadIdx.x % 2;
    for (int c = 0; c < ROWS_CHANNELS && !m.on; c++) f.v[0][c] = f.v[1][c] = 1;
    if (!m.on) return f;
    random_block(m.key, (uint32_t)((i + (odd ? channels : 0)) / 8), words);
    for (int j = 0; j < 2; j++) {
        uint32_t other = __shfl_xor_sync(WHOLE_WARP, odd ? words[j] : words[2 + j], 1);
        row[0][j] = odd ? other : words[j], row[1][j] = odd ? words[2 + j] : other;
    }
    for (int j = 0; j < 2; j++)
        for (int c = 0; c < ROWS_CHANNELS; c++)
            f.v[j][c] = (row[j][c / 2] >> c % 2 * 16 & 0xffff) >= m.threshold ? m.kept : 0;
    return f;
}

__device__ static inline pair<ROWS_CHANNELS> activations(const recomputed &r, const rows_weights &weights,
                                                         const channels<ROWS_CHANNELS> &at,
                                                         const float *windows)
{
    pair<ROWS_CHANNELS> h;
    for (int j = 0; j < 2; j++) {
        for (int c = 0; c < ROWS_CHANNELS; c++) h.v[j][c] = at.bias[c];
        thin_multiply(h.v[j], weights, windows + j * r.pitch);
        for (int c = 0; c < ROWS_CHANNELS; c++) h.v[j][c] = activate(h.v[j][c], r.slope);
    }
    return h;
}

/* The sums over the lanes, to the thread of lane 0. */
__device__ static inline void sum_lanes(const recomputed &r, totals<ROWS_CHANNELS> &sums, float *shared)
{
    __syncthreads();
    for (int c = 0; c < ROWS_CHANNELS; c++) {
        shared[2 * c * RECOMPUTED_THREADS + (int)threadIdx.x] = sums.first[c];
        shared[(2 * c + 1) * RECOMPUTED_THREADS + (int)threadIdx.x] = sums.second[c];
    }
    __syncthreads();
    for (int lane = 1; lane < r.lanes && (int)threadIdx.x < r.groups; lane++)
        for (int c = 0; c < ROWS_CHANNELS; c++) {
            int from = lane * r.groups + (int)threadIdx.x;
            sums.first[c] += shared[2 * c * RECOMPUTED_THREADS + from];
            sums.second[c] += shared[(2 * c + 1) * RECOMPUTED_THREADS + from];
        }
}

/* Every thread goes through every step: neighbours make each other's random numbers. */
template <enum stage STAGE>
static __global__ void __launch_bounds__(RECOMPUTED_THREADS, recomputed_blocks(STAGE))
    recompute_rows(recomputed r)
{
    enum { N = ROWS_CHANNELS };
    float *shared = shared_memory<float>(), *tile = shared + r.groups * N * ROWS_WIDE;
    int column = (int)blockIdx.y * r.groups * N, group = (int)threadIdx.x % r.groups;
    int lane = (int)threadIdx.x / r.groups, a = column + group * N, outputs = r.w.coarse / 2, rows = 0;
    bool idle = lane >= r.lanes || a >= r.w.coarse_channels;
    thin_load_weights(shared, r.w, r.weight, column, r.groups * N, ROWS_WIDE);
    __syncthreads();
    rows_weights weights, gradients = {};
    thin_hold(weights, shared + group * N * ROWS_WIDE);
    channels<N> channel = load_channels<N, STAGE>(r, a);
    totals<N> sums = {};
    for (int number = (int)blockIdx.x; number < r.w.batch * r.tiles; number += (int)gridDim.x) {
        size_t sample = number / r.tiles;
        int first = number % r.tiles * r.pairs, end = min(r.pairs, outputs - first);
        __syncthreads();
        thin_load_windows<false>(tile, r.w, r.x, sample, 2 * first, 2 * r.pairs, r.pitch, ROWS_WIDE);
        __syncthreads();
        if (STAGE == STATISTICS && !rows) {
            pair<N> pivot = activations(r, weights, channel, tile);
            for (int c = 0; c < N; c++) channel.mean[c] = pivot.v[0][c];
        }
        for (int start = 0; start < r.pairs; start += r.lanes) {
            bool there = !idle && start + lane < end;
            int i = there ? start + lane : 0;
            size_t at = (sample * outputs + first + i) * r.w.coarse_channels + a;
            const float *windows = tile + 2 * i * r.pitch;
            vec<N> dy = load_gradient<N, STAGE>(r, at, there);
            pair<N> f = {}, h = activations(r, weights, channel, windows), dc = {};
            if (STAGE != STATISTICS) f = mask_halves(r.mask, 2 * at - a, r.w.coarse_channels);
            if (there) dc = take_pair<STAGE>(sums, r, h, f, channel, dy, at, a);
            for (int j = 0; j < 2 && STAGE == GRADIENT && there; j++)
                thin_accumulate(gradients, dc.v[j], windows + j * r.pitch);
        }
        rows += 2 * end;
    }
    if (STAGE == RESULT) return;
    sum_lanes(r, sums, shared);
    for (int c = 0; c < N && (int)threadIdx.x < r.groups && a < r.w.coarse_channels; c++)
        store_part<STAGE>(r, a + c, sums.first[c], sums.second[c], channel.mean[c], rows);
    if (STAGE == GRADIENT)
        thin_store_sums(r.parts + blockIdx.x * (size_t)r.w.coarse_channels * window_width(r.w), shared,
                        gradients, r.w, column, r.groups, r.lanes);
}

#endif
