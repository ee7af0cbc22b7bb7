/* Transposed convolution of small patches by tensor cores in tf32: warps compute the whole patches of some
 * coarse rows, which are then added where they overlap (overlap-add). */
#include "kernels/cuda/conv/overlap-add.cuh"
#include "kernels/cuda/conv/small-mma.cuh"

/* A warp computes the patches of ROWS coarse rows at a time, ROUNDS times. Of DEPTH coarse channels the lane
 * with number t in its group has the 8 from 8t on; the channels 2s and 2s + 1 of these are the inner indices
 * t and t + 4 of mma number s, in both operands. */
enum { THREADS = 256, WARPS = THREADS / WARP, ROWS = 16, ROUNDS = 2, BLOCK_ROWS = WARPS * ROWS * ROUNDS };
enum { DEPTH = 32, STEPS = DEPTH / 8 };
/* A lane's weights of DEPTH channels are consecutive in shared memory, PITCH floats from lane to lane, so
 * that 16 bytes of each of 8 lanes fall into different banks. The patches are PATCH_PITCH floats apart. */
enum { PITCH = 2 * STEPS * WARP_TILE_STEPS + 4, PATCH_PITCH = WARP_TILE_PATCH + 2 };

/* Copies all weights to shared memory, those of a lane consecutive for each DEPTH channels. All threads call
 * it. */
__device__ static inline void load_weights(float *to, const conv &g, const float *weight)
{
    int width = conv_patch_size(g);
    for (int i = threadIdx.x; i < g.coarse_channels * WARP_TILE_PATCH; i += blockDim.x) {
        int a = i / WARP_TILE_PATCH, j = i % WARP_TILE_PATCH, c = a % 8;
        int lane = 4 * (j % 8) + a % DEPTH / 8, at = (c / 2 * WARP_TILE_STEPS + j / 8) * 2 + c % 2;
        to[(a / DEPTH * WARP + lane) * PITCH + at] =
            j < width ? __uint_as_float(to_tf32(weight[(size_t)a * width + j])) : 0;
    }
}

/* sums += 16 rows of DEPTH channels, of which the lane has 8 channels of two rows, times their weights. */
__device__ static inline void add_channels(struct fragment sums[WARP_TILE_STEPS], const vec<8> rows[2],
                                           const float *weights)
{
    float b[2 * STEPS * WARP_TILE_STEPS];
#pragma unroll
    for (int i = 0; i < 2 * STEPS * WARP_TILE_STEPS; i += 4) {
        float4 four = *(const float4 *)(weights + i);
        b[i] = four.x, b[i + 1] = four.y, b[i + 2] = four.z, b[i + 3] = four.w;
    }
#pragma unroll
    for (int s = 0; s < STEPS; s++) {
        uint32_t a[4];
#pragma unroll
        for (int i = 0; i < 4; i++) a[i] = to_tf32(rows[i % 2].v[2 * s + i / 2]);
#pragma unroll
        for (int f = 0; f < WARP_TILE_STEPS; f++) {
            const float *two = b + (s * WARP_TILE_STEPS + f) * 2;
            uint32_t words[2] = {__float_as_uint(two[0]), __float_as_uint(two[1])};
            mma_tf32(sums[f], a, words);
        }
    }
}

/* Computes the patches of coarse rows first … first + 15 of a sample. All lanes of the warp call it. */
__device__ static inline void make_patches(float *to, const overlap_add &o, view coarse, const float *weights,
                                           size_t sample, int first)
{
    struct fragment sums[WARP_TILE_STEPS] = {};
    int lane = (int)threadIdx.x % WARP, channels = o.conv.coarse_channels;
    for (int a = 0; a < channels; a += DEPTH) {
        vec<8> rows[2] = {};
        for (int j = 0; j < 2; j++) {
            int row = first + lane_group() + 8 * j;
            size_t at = (sample * o.conv.coarse + row) * channels + a + 8 * lane_in_group();
            if (row >= 0 && row < o.conv.coarse) rows[j] = load_vec<8>(coarse, at);
        }
        add_channels(sums, rows, weights + (a / DEPTH * WARP + lane) * PITCH);
    }
    for (int f = 0; f < WARP_TILE_STEPS; f++)
        for (int j = 0; j < 2; j++)
            *(float2 *)(to + (lane_group() + 8 * j) * PATCH_PITCH + 8 * f + 2 * lane_in_group()) =
                make_float2(sums[f].v[2 * j], sums[f].v[2 * j + 1]);
}

static __global__ void __launch_bounds__(THREADS)
    transposed(overlap_add o, view fine, view coarse, const float *weight, const float *bias)
{
    float *patches = shared_memory<float>(); /* (BLOCK_ROWS, PATCH_PITCH) */
    float *weights = patches + BLOCK_ROWS * PATCH_PITCH;
    size_t sample = blockIdx.x / o.tiles;
    int first = o.first + (int)(blockIdx.x % o.tiles) * o.strides;
    load_weights(weights, o.conv, weight);
    __syncthreads();
    for (int row = (int)threadIdx.x / WARP * ROWS; row < BLOCK_ROWS; row += WARPS * ROWS)
        make_patches(patches + row * PATCH_PITCH, o, coarse, weights, sample, first - o.before + row);
    __syncthreads();
    overlap_add_store<PATCH_PITCH>(o, fine, patches, bias, sample, first);
}

void conv_small_mma_transposed(const struct conv *g, view fine, view coarse, const float *weight,
                               const float *bias)
{
    struct overlap_add o = overlap_add_make(g, coarse, BLOCK_ROWS);
    size_t floats = BLOCK_ROWS * PATCH_PITCH + (size_t)g->coarse_channels / DEPTH * WARP * PITCH;
    cuda_count_operations(conv_operations(g));
    launch(transposed, dim3((unsigned)(g->batch * o.tiles)), THREADS, floats * sizeof(float), o, fine, coarse,
           weight, bias);
}
