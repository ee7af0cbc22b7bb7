/* Windows of few values and many channels where products may be of tf32: bound by the coarse side's memory.
 */
#include "kernels/cuda/base/vectors.cuh"
#include "kernels/cuda/conv/small-mma.cuh"

enum { THREADS = 256, WARPS = THREADS / WARP, STEPS = 8, TILE_BYTES = 32 << 10, AHEAD = 2 };

/* Blocks that sum a gradient, each a part. */
static const unsigned most_parts = 264;

bool window_tile_possible(const struct window *w, view coarse)
{
    return window_thin_possible(w) && unit_possible(w->coarse_channels, window_width(*w)) &&
           vec_size((size_t)w->coarse_channels, coarse) == 8;
}

/* A block of threads has the channels of a unit, and takes tiles of `rows` coarse rows. */
struct tiled {
    window w;
    int rows, pitch, tiles; /* of a sample */
};

static struct tiled tiled_make(const struct window *w)
{
    struct tiled t = {*w, WARPS * UNIT_ROWS * STEPS, thin_pitch(w, UNIT_WIDTH), 0};
    while ((size_t)t.rows * t.pitch * sizeof(float) > TILE_BYTES) t.rows /= 2;
    t.tiles = (w->coarse + t.rows - 1) / t.rows;
    return t;
}

static size_t tile_floats(const struct tiled *t)
{
    return (size_t)(t->rows - 1) * t->pitch + UNIT_WIDTH;
}

static unsigned columns(const struct window *w)
{
    return (unsigned)(w->coarse_channels / UNIT_CHANNELS);
}

static __global__ void __launch_bounds__(THREADS, 2)
    correlate(tiled t, view coarse, view fine, const float *weight, const float *bias)
{
    float *weights = shared_memory<float>(), *tile = weights + UNIT_WEIGHTS;
    size_t sample = blockIdx.x / t.tiles;
    int first = (int)(blockIdx.x % t.tiles) * t.rows, column = (int)blockIdx.y * UNIT_CHANNELS;
    int a = column + unit_channel(), end = min(t.rows, t.w.coarse - first);
    thin_load_weights(weights, t.w, weight, column, UNIT_CHANNELS, UNIT_PITCH);
    thin_load_windows<true>(tile, t.w, fine, sample, first, t.rows, t.pitch, UNIT_WIDTH);
    __syncthreads();
    unit_weights mine;
    unit_hold(mine, weights);
    for (int row = (int)threadIdx.x / WARP * UNIT_ROWS; row < end; row += WARPS * UNIT_ROWS) {
        unit u;
        for (int i = 0; i < 8; i++)
            for (int j = 0; j < 2; j++) unit_set(u, j, i, bias ? bias[a + i] : 0);
        unit_multiply(u, mine, tile + row * t.pitch, t.pitch);
        for (int j = 0, at = row + unit_row(); j < 2; j++, at++) {
            vec<8> values;
            for (int i = 0; i < 8; i++) values.v[i] = unit_value(u, j, i);
            if (at < end)
                store_vec<8>(coarse, (sample * t.w.coarse + first + at) * t.w.coarse_channels + a, values);
        }
    }
}

void window_tile_correlate(const struct window *w, view coarse, view fine, const float *weight,
                           const float *bias)
{
    struct tiled t = tiled_make(w);
    cuda_count_operations(window_operations(w));
    launch(correlate, dim3((unsigned)(w->batch * t.tiles), columns(w)), THREADS,
           (UNIT_WEIGHTS + tile_floats(&t)) * sizeof(float), t, coarse, fine, weight, bias);
}

/* The coarse values of a unit that begins at `row`; zeros from `end` on. */
__device__ static inline void load_unit(unit &u, view coarse, size_t start, int channels, int row, int end)
{
    for (int j = 0, at = row + unit_row(); j < 2; j++, at++) {
        vec<8> values = {};
        if (at < end) values = load_vec<8>(coarse, start + (size_t)at * channels);
        for (int i = 0; i < 8; i++) unit_set(u, j, i, values.v[i]);
    }
}

/* Some tiles a block; AHEAD units are on their way while others are taken in. */
static __global__ void __launch_bounds__(THREADS, 2) gradient(tiled t, float *partial, view coarse, view fine)
{
    float *tile = shared_memory<float>(); /* later the warps' sums */
    int column = (int)blockIdx.y * UNIT_CHANNELS, channels = t.w.coarse_channels;
    unit_sums sums = {};
    for (int number = (int)blockIdx.x; number < t.w.batch * t.tiles; number += (int)gridDim.x) {
        size_t sample = number / t.tiles;
        int first = number % t.tiles * t.rows, end = min(t.rows, t.w.coarse - first);
        size_t start = (sample * t.w.coarse + first) * channels + column + unit_channel();
        __syncthreads();
        thin_load_windows<true>(tile, t.w, fine, sample, first, t.rows, t.pitch, UNIT_WIDTH);
        __syncthreads();
        for (int row = (int)threadIdx.x / WARP * UNIT_ROWS; row < end; row += AHEAD * WARPS * UNIT_ROWS) {
            unit ahead[AHEAD];
#pragma unroll
            for (int i = 0; i < AHEAD; i++)
                load_unit(ahead[i], coarse, start, channels, row + i * WARPS * UNIT_ROWS, end);
#pragma unroll
            for (int i = 0, at = row; i < AHEAD; i++, at += WARPS * UNIT_ROWS)
                if (at < end) unit_accumulate(sums, ahead[i], tile + at * t.pitch, t.pitch);
        }
    }
    unit_store_sums(partial + blockIdx.x * (size_t)channels * window_width(t.w), tile, sums, t.w, column);
}

void window_tile_gradient(const struct window *w, float *dweight, view coarse, view fine)
{
    struct tiled t = tiled_make(w);
    size_t weights = window_weights(w), floats = tile_floats(&t), tiles = (size_t)w->batch * t.tiles;
    unsigned most = most_parts > columns(w) ? most_parts / columns(w) : 1;
    unsigned parts = tiles < most ? (unsigned)tiles : most;
    float *to = (float *)cuda_workspace(WORKSPACE_CONV, parts * weights * sizeof *to);
    if (floats < WARPS * UNIT_SUMS) floats = WARPS * UNIT_SUMS;
    cuda_count_operations(window_operations(w));
    launch(gradient, dim3(parts, columns(w)), THREADS, floats * sizeof(float), t, to, coarse, fine);
    cuda_add_partial_sums(dweight, to, (int)parts, (int)weights, 1, true);
}
