/* Windows of few values by the instruction that multiplies tiles, in tf32.
 *
 * A warp takes a unit: UNIT_CHANNELS channels of UNIT_ROWS coarse rows. A tile's rows are channels there, its
 * columns are coarse rows; which channels is chosen so that the lane of `group` and `quad` has the 8 channels
 * from 8 group on of the rows 2 quad and 2 quad + 1: 16 bytes of each row where it is bf16, a block of
 * random numbers, and a pair of rows as pools take them. */
#ifndef KERNELS_CUDA_CONV_SMALL_MMA_CUH
#define KERNELS_CUDA_CONV_SMALL_MMA_CUH

#include "kernels/cuda/conv/small.cuh"
#include "kernels/cuda/matrix/mma-instructions.cuh"

/* UNIT_WIDTH: values of a window at most, in UNIT_STEPS of an instruction. UNIT_PITCH: from channel to
 * channel of the weights in shared memory, so that a warp's reads fall into different banks. */
enum { UNIT_CHANNELS = 64, UNIT_ROWS = 8, UNIT_TILES = 4, UNIT_STEPS = 3, UNIT_WIDTH = 8 * UNIT_STEPS };
enum { UNIT_PITCH = UNIT_WIDTH + 1, UNIT_WEIGHTS = UNIT_CHANNELS * UNIT_PITCH };

/* Where products may be of tf32. */
static inline bool unit_possible(int channels, int width)
{
    return cuda_precision != PRECISION_FP32 && channels % UNIT_CHANNELS == 0 && width <= UNIT_WIDTH;
}

/* Channel i of row j of a lane's 8 and 2 is tile i / 2's value i % 2 * 2 + j. */
struct unit {
    struct fragment tile[UNIT_TILES];
};

__device__ static inline float unit_value(const unit &u, int j, int i)
{
    return u.tile[i / 2].v[i % 2 * 2 + j];
}
__device__ static inline void unit_set(unit &u, int j, int i, float value)
{
    u.tile[i / 2].v[i % 2 * 2 + j] = value;
}

/* The lane's first channel, first row of a unit. */
__device__ static inline int unit_channel()
{
    return 8 * lane_group();
}
__device__ static inline int unit_row()
{
    return 2 * lane_in_group();
}

struct unit_weights {
    uint32_t v[UNIT_TILES][UNIT_STEPS][4];
};

/* From shared memory (UNIT_CHANNELS, UNIT_PITCH). */
__device__ static inline void unit_hold(unit_weights &weights, const float *from)
{
    from += unit_channel() * UNIT_PITCH + lane_in_group();
#pragma unroll
    for (int t = 0; t < UNIT_TILES; t++)
#pragma unroll
        for (int s = 0; s < UNIT_STEPS; s++)
#pragma unroll
            for (int i = 0; i < 4; i++)
                weights.v[t][s][i] = to_tf32(from[(2 * t + i % 2) * UNIT_PITCH + 8 * s + i / 2 * 4]);
}

/* u += the products of the windows of a unit's rows, in tf32, with its channels' weights. */
__device__ static inline void unit_multiply(unit &u, const unit_weights &weights, const float *windows,
                                            int pitch)
{
    windows += lane_group() * pitch + lane_in_group();
#pragma unroll
    for (int s = 0; s < UNIT_STEPS; s++) {
        uint32_t b[2] = {__float_as_uint(windows[8 * s]), __float_as_uint(windows[8 * s + 4])};
#pragma unroll
        for (int t = 0; t < UNIT_TILES; t++) mma_tf32(u.tile[t], weights.v[t][s], b);
    }
}

/* The gradient of a unit's weights. */
struct unit_sums {
    struct fragment tile[UNIT_TILES][UNIT_STEPS];
};

/* sums += u, a unit of gradients (or of what is convolved), times the windows of its rows. The instruction's
 * inner indices quad and quad + 4 mean the rows 2 quad and 2 quad + 1, for both factors. */
__device__ static inline void unit_accumulate(unit_sums &sums, const unit &u, const float *windows, int pitch)
{
    uint32_t a[UNIT_TILES][4];
#pragma unroll
    for (int t = 0; t < UNIT_TILES; t++)
#pragma unroll
        for (int i = 0; i < 4; i++) a[t][i] = to_tf32(u.tile[t].v[i % 2 * 2 + i / 2]);
    windows += unit_row() * pitch + lane_group();
#pragma unroll
    for (int s = 0; s < UNIT_STEPS; s++) {
        uint32_t b[2] = {__float_as_uint(windows[8 * s]), __float_as_uint(windows[pitch + 8 * s])};
#pragma unroll
        for (int t = 0; t < UNIT_TILES; t++) mma_tf32(sums.tile[t][s], a[t], b);
    }
}

/* The warps' sums, added in their order, into part (channels, width) from channel `first` on. All threads;
 * `shared` has UNIT_SUMS floats for each warp. */
enum { UNIT_SUMS = 16 * UNIT_WIDTH };
__device__ static inline void unit_store_sums(float *part, float *shared, const unit_sums &sums,
                                              const window &w, int first)
{
    int width = window_width(w), warps = (int)blockDim.x / WARP;
    float *mine = shared + (int)threadIdx.x / WARP * UNIT_SUMS + 2 * lane_group() * UNIT_WIDTH;
#pragma unroll
    for (int t = 0; t < UNIT_TILES; t++) {
        __syncthreads();
#pragma unroll
        for (int s = 0; s < UNIT_STEPS; s++)
#pragma unroll
            for (int i = 0; i < 4; i++)
                mine[i / 2 * UNIT_WIDTH + 8 * s + 2 * lane_in_group() + i % 2] = sums.tile[t][s].v[i];
        __syncthreads();
        for (int i = threadIdx.x; i < 16 * width; i += blockDim.x) {
            int row = i / width, j = i % width, a = first + row / 2 * 8 + 2 * t + row % 2;
            float sum = 0;
            for (int warp = 0; warp < warps; warp++) sum += shared[warp * UNIT_SUMS + row * UNIT_WIDTH + j];
            part[(size_t)a * width + j] = sum;
        }
    }
}

#endif
