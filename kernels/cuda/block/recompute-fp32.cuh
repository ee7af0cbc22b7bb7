/* The kernels of a block that recomputes c, in fp32, for any number of channels that is a multiple of 8. */
#ifndef KERNELS_CUDA_BLOCK_RECOMPUTE_FP32_CUH
#define KERNELS_CUDA_BLOCK_RECOMPUTE_FP32_CUH

#include "kernels/cuda/base/sums.cuh"
#include "kernels/cuda/block/recompute-pair.cuh"
#include "kernels/cuda/conv/small.cuh"

/* A thread has 4 channels, for which half a block of random numbers is drawn in each row. FP32_PATCH: values
 * of a patch at most. */
enum { FP32_CHANNELS = 4, FP32_PATCH = 18, FP32_PADDED = padded_patch(FP32_PATCH) };

typedef small_weights<FP32_PATCH, FP32_CHANNELS> fp32_weights;

/* Dropout factors of the rows at element i and i + channels. Two neighbouring lanes need the two halves of
 * the same blocks of random numbers: each computes the block of one row, and they exchange halves. All lanes
 * call it. */
__device__ static inline pair<FP32_CHANNELS> mask_halves(const mask &m, size_t i, int channels)
{
    pair<FP32_CHANNELS> f;
    uint32_t words[4], row[2][2];
    bool odd = threadIdx.x % 2;
    for (int c = 0; c < FP32_CHANNELS && !m.on; c++) f.v[0][c] = f.v[1][c] = 1;
    if (!m.on) return f;
    random_block(m.key, (uint32_t)((i + (odd ? channels : 0)) / 8), words);
    for (int j = 0; j < 2; j++) {
        uint32_t other = __shfl_xor_sync(WHOLE_WARP, odd ? words[j] : words[2 + j], 1);
        row[0][j] = odd ? other : words[j], row[1][j] = odd ? words[2 + j] : other;
    }
    for (int j = 0; j < 2; j++)
        for (int c = 0; c < FP32_CHANNELS; c++)
            f.v[j][c] = (row[j][c / 2] >> c % 2 * 16 & 0xffff) >= m.threshold ? m.kept : 0;
    return f;
}

__device__ static inline pair<FP32_CHANNELS> activations(const recompute &r, const fp32_weights &weights,
                                                         const channels<FP32_CHANNELS> &at,
                                                         const float *patches)
{
    pair<FP32_CHANNELS> h;
    for (int j = 0; j < 2; j++) {
        for (int c = 0; c < FP32_CHANNELS; c++) h.v[j][c] = at.bias[c];
        small_multiply(h.v[j], weights, patches + j * r.pitch);
        for (int c = 0; c < FP32_CHANNELS; c++) h.v[j][c] = activate(h.v[j][c], r.slope);
    }
    return h;
}

/* Adds the sums over the lines of threads, in order; the threads of line 0 get them. */
__device__ static inline void sum_lanes(const recompute &r, totals<FP32_CHANNELS> &sums, float *shared)
{
    __syncthreads();
    for (int c = 0; c < FP32_CHANNELS; c++) {
        shared[2 * c * RECOMPUTE_THREADS + (int)threadIdx.x] = sums.first[c];
        shared[(2 * c + 1) * RECOMPUTE_THREADS + (int)threadIdx.x] = sums.second[c];
    }
    __syncthreads();
    for (int line = 1; line < r.lines && (int)threadIdx.x < r.groups; line++)
        for (int c = 0; c < FP32_CHANNELS; c++) {
            int from = line * r.groups + (int)threadIdx.x;
            sums.first[c] += shared[2 * c * RECOMPUTE_THREADS + from];
            sums.second[c] += shared[(2 * c + 1) * RECOMPUTE_THREADS + from];
        }
}

/* Idle threads loop too, because neighbouring lanes compute each other's random numbers. */
template <enum stage STAGE>
static __global__ void __launch_bounds__(RECOMPUTE_THREADS, recompute_blocks(STAGE))
    recompute_fp32(recompute r)
{
    enum { N = FP32_CHANNELS };
    float *shared = shared_memory<float>(), *tile_patches = shared + r.groups * N * FP32_PADDED;
    int column = (int)blockIdx.y * r.groups * N, group = (int)threadIdx.x % r.groups;
    int line = (int)threadIdx.x / r.groups, a = column + group * N, outputs = r.conv.coarse / 2, rows = 0;
    bool idle = line >= r.lines || a >= r.conv.coarse_channels;
    small_load_weights(shared, r.conv, r.weight, column, r.groups * N, FP32_PADDED);
    __syncthreads();
    fp32_weights weights, gradients = {};
    small_weights_to_registers(weights, shared + group * N * FP32_PADDED);
    channels<N> channel = load_channels<N, STAGE>(r, a);
    totals<N> sums = {};
    for (int number = (int)blockIdx.x; number < r.conv.batch * r.tiles; number += (int)gridDim.x) {
        size_t sample = number / r.tiles;
        int first = number % r.tiles * r.pairs, end = min(r.pairs, outputs - first);
        __syncthreads();
        small_load_patches<false>(tile_patches, r.conv, r.x, sample, 2 * first, 2 * r.pairs, r.pitch,
                                  FP32_PADDED);
        __syncthreads();
        if (STAGE == STATISTICS && !rows) {
            pair<N> pivot = activations(r, weights, channel, tile_patches);
            for (int c = 0; c < N; c++) channel.mean[c] = pivot.v[0][c];
        }
        for (int start = 0; start < r.pairs; start += r.lines) {
            bool there = !idle && start + line < end;
            int i = there ? start + line : 0;
            size_t at = (sample * outputs + first + i) * r.conv.coarse_channels + a;
            const float *patches = tile_patches + 2 * i * r.pitch;
            vec<N> dy = load_gradient<N, STAGE>(r, at, there);
            pair<N> f = {}, h = activations(r, weights, channel, patches), dc = {};
            if (STAGE != STATISTICS) f = mask_halves(r.mask, 2 * at - a, r.conv.coarse_channels);
            if (there) dc = pass_over_pair<STAGE>(sums, r, h, f, channel, dy, at, a);
            for (int j = 0; j < 2 && STAGE == GRADIENT && there; j++)
                small_accumulate(gradients, dc.v[j], patches + j * r.pitch);
        }
        rows += 2 * end;
    }
    if (STAGE == RESULT) return;
    sum_lanes(r, sums, shared);
    for (int c = 0; c < N && (int)threadIdx.x < r.groups && a < r.conv.coarse_channels; c++)
        store_part<STAGE>(r, a + c, sums.first[c], sums.second[c], channel.mean[c], rows);
    if (STAGE == GRADIENT)
        small_store_sums(r.partial + blockIdx.x * (size_t)r.conv.coarse_channels * conv_patch_size(r.conv),
                         shared, gradients, r.conv, column, r.groups, r.lines);
}

#endif
