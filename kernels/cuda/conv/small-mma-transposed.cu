/* Windows of few values, spread, where products may be of tf32: warps make the whole windows of some coarse
 * rows, which are then added where they overlap. */
#include "kernels/cuda/conv/overlap-add.cuh"
#include "kernels/cuda/conv/small-mma.cuh"

/* A warp takes ROWS coarse rows at a time, ROUNDS times. Of DEPTH channels the lane of `quad` has the 8 from
 * 8 quad on; those 2 s and 2 s + 1 of them are the inner indices quad and quad + 4 of the instruction's step
 * s, for both factors. */
enum { THREADS = 256, WARPS = THREADS / WARP, ROWS = 16, ROUNDS = 2, BLOCK_ROWS = WARPS * ROWS * ROUNDS };
enum { DEPTH = 32, STEPS = DEPTH / 8 };
/* A lane's weights of DEPTH channels lie side by side in shared memory, PITCH from lane to lane, so that 16
 * bytes of each of 8 lanes fall into different banks. The windows stand WINDOW apart. */
enum { PITCH = 2 * STEPS * UNIT_STEPS + 4, WINDOW = UNIT_WIDTH + 2 };

/* The weights of all channels, a lane's of DEPTH of them side by side. All threads. */
__device__ static inline void load_weights(float *to, const window &w, const float *weight)
{
    int width = window_width(w);
    for (int i = threadIdx.x; i < w.coarse_channels * UNIT_WIDTH; i += blockDim.x) {
        int a = i / UNIT_WIDTH, j = i % UNIT_WIDTH, c = a % 8;
        int lane = 4 * (j % 8) + a % DEPTH / 8, at = (c / 2 * UNIT_STEPS + j / 8) * 2 + c % 2;
        to[(a / DEPTH * WARP + lane) * PITCH + at] =
            j < width ? __uint_as_float(to_tf32(weight[(size_t)a * width + j])) : 0;
    }
}

/* sums += 16 rows of DEPTH channels, of which the lane has 8 of two rows, times their weights. */
__device__ static inline void add_channels(struct fragment sums[UNIT_STEPS], const vec<8> rows[2],
                                           const float *weights)
{
    float b[2 * STEPS * UNIT_STEPS];
#pragma unroll
    for (int i = 0; i < 2 * STEPS * UNIT_STEPS; i += 4) {
        float4 four = *(const float4 *)(weights + i);
        b[i] = four.x, b[i + 1] = four.y, b[i + 2] = four.z, b[i + 3] = four.w;
    }
#pragma unroll
    for (int s = 0; s < STEPS; s++) {
        uint32_t a[4];
#pragma unroll
        for (int i = 0; i < 4; i++) a[i] = to_tf32(rows[i % 2].v[2 * s + i / 2]);
#pragma unroll
        for (int u = 0; u < UNIT_STEPS; u++) {
            const float *two = b + (s * UNIT_STEPS + u) * 2;
            uint32_t words[2] = {__float_as_uint(two[0]), __float_as_uint(two[1])};
            mma_tf32(sums[u], a, words);
        }
    }
}

/* The windows of coarse rows first … first + 15 of a sample. A whole warp. */
__device__ static inline void make_windows(float *to, const hops &h, view coarse, const float *weights,
                                           size_t sample, int first)
{
    struct fragment sums[UNIT_STEPS] = {};
    int lane = (int)threadIdx.x % WARP, channels = h.w.coarse_channels;
    for (int a = 0; a < channels; a += DEPTH) {
        vec<8> rows[2] = {};
        for (int j = 0; j < 2; j++) {
            int row = first + lane_group() + 8 * j;
            size_t at = (sample * h.w.coarse + row) * channels + a + 8 * lane_in_group();
            if (row >= 0 && row < h.w.coarse) rows[j] = load_vec<8>(coarse, at);
        }
        add_channels(sums, rows, weights + (a / DEPTH * WARP + lane) * PITCH);
    }
    for (int u = 0; u < UNIT_STEPS; u++)
        for (int j = 0; j < 2; j++)
            *(float2 *)(to + (lane_group() + 8 * j) * WINDOW + 8 * u + 2 * lane_in_group()) =
                make_float2(sums[u].v[2 * j], sums[u].v[2 * j + 1]);
}

static __global__ void __launch_bounds__(THREADS)
    spread(hops h, view fine, view coarse, const float *weight, const float *bias)
{
    float *windows = shared_memory<float>(); /* (BLOCK_ROWS, WINDOW) */
    float *weights = windows + BLOCK_ROWS * WINDOW;
    size_t sample = blockIdx.x / h.tiles;
    int first = h.first + (int)(blockIdx.x % h.tiles) * h.rows;
    load_weights(weights, h.w, weight);
    __syncthreads();
    for (int row = (int)threadIdx.x / WARP * ROWS; row < BLOCK_ROWS; row += WARPS * ROWS)
        make_windows(windows + row * WINDOW, h, coarse, weights, sample, first - h.before + row);
    __syncthreads();
    add_windows<WINDOW>(h, fine, windows, bias, sample, first);
}

void window_tile_spread(const struct window *w, view fine, view coarse, const float *weight,
                        const float *bias)
{
    struct hops h = hops_make(w, coarse, BLOCK_ROWS);
    size_t floats = BLOCK_ROWS * WINDOW + (size_t)w->coarse_channels / DEPTH * WARP * PITCH;
    cuda_count_operations(window_operations(w));
    launch(spread, dim3((unsigned)(w->batch * h.tiles)), THREADS, floats * sizeof(float), h, fine, coarse,
           weight, bias);
}
