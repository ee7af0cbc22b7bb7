/* Small patches by tensor cores in tf32 (mma.m16n8k8).
 *
 * A warp computes a warp tile: WARP_TILE_CHANNELS coarse channels of WARP_TILE_ROWS coarse rows. The rows of
 * a fragment are channels, its columns coarse rows. The channels of a fragment's rows are chosen so that the
 * lane with group g and number t in it (mma-instructions.cuh) has the 8 channels from 8 g on of the rows 2t
 * and 2t + 1: 16 bytes of each row where it is bf16, a block of random numbers, and a pair of rows as pooling
 * takes them. */
#ifndef KERNELS_CUDA_CONV_SMALL_MMA_CUH
#define KERNELS_CUDA_CONV_SMALL_MMA_CUH

#include "kernels/cuda/conv/small.cuh"
#include "kernels/cuda/matrix/mma-instructions.cuh"

/* WARP_TILE_PATCH: values of a patch at most, WARP_TILE_STEPS times the 8 of one mma's k. WARP_TILE_PITCH:
 * floats from channel to channel of the weights in shared memory, so that a warp's reads fall into different
 * banks. */
enum {
    WARP_TILE_CHANNELS = 64,
    WARP_TILE_ROWS = 8,
    WARP_TILE_FRAGMENTS = 4,
    WARP_TILE_STEPS = 3,
    WARP_TILE_PATCH = 8 * WARP_TILE_STEPS
};
enum { WARP_TILE_PITCH = WARP_TILE_PATCH + 1, WARP_TILE_WEIGHTS = WARP_TILE_CHANNELS * WARP_TILE_PITCH };

/* Where the precision allows tf32. */
static inline bool warp_tile_possible(int channels, int width)
{
    return cuda_precision != PRECISION_FP32 && channels % WARP_TILE_CHANNELS == 0 && width <= WARP_TILE_PATCH;
}

/* Channel i of the lane's 8, in row j of its 2, is value i % 2 * 2 + j of fragment i / 2. */
struct warp_tile {
    struct fragment fragment[WARP_TILE_FRAGMENTS];
};

__device__ static inline float warp_tile_value(const warp_tile &tile, int j, int i)
{
    return tile.fragment[i / 2].v[i % 2 * 2 + j];
}
__device__ static inline void warp_tile_set(warp_tile &tile, int j, int i, float value)
{
    tile.fragment[i / 2].v[i % 2 * 2 + j] = value;
}

/* The first channel and the first row of the lane in a warp tile. */
__device__ static inline int warp_tile_channel()
{
    return 8 * lane_group();
}
__device__ static inline int warp_tile_row()
{
    return 2 * lane_in_group();
}

/* The weights of a warp tile's channels, as operand a of the mma. */
struct warp_tile_weights {
    uint32_t v[WARP_TILE_FRAGMENTS][WARP_TILE_STEPS][4];
};

/* From shared memory (WARP_TILE_CHANNELS, WARP_TILE_PITCH). */
__device__ static inline void warp_tile_load_weights(warp_tile_weights &weights, const float *from)
{
    from += warp_tile_channel() * WARP_TILE_PITCH + lane_in_group();
#pragma unroll
    for (int f = 0; f < WARP_TILE_FRAGMENTS; f++)
#pragma unroll
        for (int s = 0; s < WARP_TILE_STEPS; s++)
#pragma unroll
            for (int i = 0; i < 4; i++)
                weights.v[f][s][i] = to_tf32(from[(2 * f + i % 2) * WARP_TILE_PITCH + 8 * s + i / 2 * 4]);
}

/* tile += the dot products of the patches of its rows, rounded to tf32, with the weights of its channels. */
__device__ static inline void warp_tile_multiply(warp_tile &tile, const warp_tile_weights &weights,
                                                 const float *patches, int pitch)
{
    patches += lane_group() * pitch + lane_in_group();
#pragma unroll
    for (int s = 0; s < WARP_TILE_STEPS; s++) {
        uint32_t b[2] = {__float_as_uint(patches[8 * s]), __float_as_uint(patches[8 * s + 4])};
#pragma unroll
        for (int f = 0; f < WARP_TILE_FRAGMENTS; f++) mma_tf32(tile.fragment[f], weights.v[f][s], b);
    }
}

/* The gradient of the weights of a warp tile's channels. */
struct warp_tile_sums {
    struct fragment fragment[WARP_TILE_FRAGMENTS][WARP_TILE_STEPS];
};

/* sums += tile, the output's gradient, times the patches of its rows. The mma's inner indices t and t + 4
 * stand for the rows 2t and 2t + 1, in both operands. */
__device__ static inline void warp_tile_accumulate(warp_tile_sums &sums, const warp_tile &tile,
                                                   const float *patches, int pitch)
{
    uint32_t a[WARP_TILE_FRAGMENTS][4];
#pragma unroll
    for (int f = 0; f < WARP_TILE_FRAGMENTS; f++)
#pragma unroll
        for (int i = 0; i < 4; i++) a[f][i] = to_tf32(tile.fragment[f].v[i % 2 * 2 + i / 2]);
    patches += warp_tile_row() * pitch + lane_group();
#pragma unroll
    for (int s = 0; s < WARP_TILE_STEPS; s++) {
        uint32_t b[2] = {__float_as_uint(patches[8 * s]), __float_as_uint(patches[pitch + 8 * s])};
#pragma unroll
        for (int f = 0; f < WARP_TILE_FRAGMENTS; f++) mma_tf32(sums.fragment[f][s], a[f], b);
    }
}

/* Adds the sums of a thread block's warps, in order, into part (channels, patch), from channel `first` on.
 * All threads call it; `shared` has WARP_TILE_SUMS floats a warp. */
enum { WARP_TILE_SUMS = 16 * WARP_TILE_PATCH };
__device__ static inline void warp_tile_store_sums(float *part, float *shared, const warp_tile_sums &sums,
                                                   const conv &g, int first)
{
    int width = conv_patch_size(g), warps = (int)blockDim.x / WARP;
    float *mine = shared + (int)threadIdx.x / WARP * WARP_TILE_SUMS + 2 * lane_group() * WARP_TILE_PATCH;
#pragma unroll
    for (int f = 0; f < WARP_TILE_FRAGMENTS; f++) {
        __syncthreads();
#pragma unroll
        for (int s = 0; s < WARP_TILE_STEPS; s++)
#pragma unroll
            for (int i = 0; i < 4; i++)
                mine[i / 2 * WARP_TILE_PATCH + 8 * s + 2 * lane_in_group() + i % 2] =
                    sums.fragment[f][s].v[i];
        __syncthreads();
        for (int i = threadIdx.x; i < 16 * width; i += blockDim.x) {
            int row = i / width, j = i % width, a = first + row / 2 * 8 + 2 * f + row % 2;
            float sum = 0;
            for (int warp = 0; warp < warps; warp++)
                sum += shared[warp * WARP_TILE_SUMS + row * WARP_TILE_PATCH + j];
            part[(size_t)a * width + j] = sum;
        }
    }
}

#endif
