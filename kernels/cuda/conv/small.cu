/* Windows of few values: the first convolution, whose input has 2 channels, the last transposed one, whose
 * output has, and the discriminator's. Each value of the coarse side is read or written once. */
#include "kernels/cuda/base/sums.cuh"
#include "kernels/cuda/base/vectors.cuh"
#include "kernels/cuda/conv/small.cuh"

enum { MOST_WIDTH = 64, THREADS = 256, MOST_GROUPS = 64, TILE_BYTES = 32 << 10 };
/* Tiles that make a GPU busy; blocks that sum a gradient, each a part. */
enum { ENOUGH_TILES = 1024 };
static const unsigned most_parts = 264;
enum { CORRELATE_STEPS = 64, GRADIENT_STEPS = 16, AHEAD = 4 };

bool window_thin_possible(const struct window *w)
{
    return window_width(*w) <= MOST_WIDTH && (size_t)w->fine * w->fine_channels < INT32_MAX / 2;
}

size_t window_thin_scratch(const struct window *w)
{
    return most_parts * window_weights(w) * sizeof(float);
}

/* How a block of threads stands: `groups` side by side, of some channels each, and `lanes` rows. It takes
 * tiles of `rows` coarse rows. */
struct thin {
    window w;
    int groups, lanes;
    int rows, pitch, tiles; /* of a sample */
};

static struct thin thin_make(const struct window *w, int wide, int channels, int steps)
{
    int all = w->coarse_channels / channels, groups = all < MOST_GROUPS ? all : MOST_GROUPS;
    struct thin t = {*w, groups, THREADS / groups, 0, thin_pitch(w, wide), 0};
    for (;; steps /= 2) {
        t.rows = t.lanes * steps;
        t.tiles = (w->coarse + t.rows - 1) / t.rows;
        bool fits = (size_t)t.rows * t.pitch * sizeof(float) <= TILE_BYTES;
        if (steps == 1 || (fits && (steps <= AHEAD || (size_t)t.tiles * w->batch >= ENOUGH_TILES))) return t;
    }
}

static unsigned columns(const struct thin *t, int channels)
{
    return blocks_for((size_t)(t->w.coarse_channels / channels), (size_t)t->groups);
}

static size_t tile_floats(const struct thin *t, int wide)
{
    return (size_t)(t->rows - 1) * t->pitch + wide;
}

template <int K, int N>
static __global__ void __launch_bounds__(THREADS)
    correlate(thin t, view coarse, view fine, const float *weight, const float *bias)
{
    constexpr int wide = thin_wide(K);
    float *weights = shared_memory<float>(); /* (groups N, wide) */
    float *tile = weights + t.groups * N * wide;
    size_t sample = blockIdx.x / t.tiles;
    int first = (int)(blockIdx.x % t.tiles) * t.rows, column = (int)blockIdx.y * t.groups * N;
    int group = (int)threadIdx.x % t.groups, lane = (int)threadIdx.x / t.groups, a = column + group * N;
    thin_load_weights(weights, t.w, weight, column, t.groups * N, wide);
    thin_load_windows<false>(tile, t.w, fine, sample, first, t.rows, t.pitch, wide);
    __syncthreads();
    if (lane >= t.lanes || a >= t.w.coarse_channels) return;
    thin_weights<K, N> mine;
    vec<N> start;
    thin_hold(mine, weights + group * N * wide);
    for (int c = 0; c < N; c++) start.v[c] = bias ? bias[a + c] : 0;
    for (int row = lane; row < t.rows && first + row < t.w.coarse; row += t.lanes) {
        vec<N> sum = start;
        thin_multiply(sum.v, mine, tile + row * t.pitch);
        store_vec<N>(coarse, (sample * t.w.coarse + first + row) * t.w.coarse_channels + a, sum);
    }
}

template <int K, int N>
static void launch_correlate(const struct window *w, view coarse, view fine, const float *weight,
                             const float *bias)
{
    struct thin t = thin_make(w, thin_wide(K), N, CORRELATE_STEPS);
    size_t floats = (size_t)t.groups * N * thin_wide(K) + tile_floats(&t, thin_wide(K));
    launch(correlate<K, N>, dim3((unsigned)(w->batch * t.tiles), columns(&t, N)), THREADS,
           floats * sizeof(float), t, coarse, fine, weight, bias);
}

/* 4 channels a thread where there are enough registers. */
template <int K>
static void correlate_of(const struct window *w, view coarse, view fine, const float *weight,
                         const float *bias)
{
    if (K <= 18 && vec_size((size_t)w->coarse_channels, coarse) > 1)
        launch_correlate<K, K <= 18 ? 4 : 1>(w, coarse, fine, weight, bias);
    else
        launch_correlate<K, 1>(w, coarse, fine, weight, bias);
}

void window_thin_correlate(const struct window *w, view coarse, view fine, const float *weight,
                           const float *bias)
{
    cuda_count_operations(window_operations(w));
    THIN_CALL(window_width(*w), correlate_of, w, coarse, fine, weight, bias);
}

/* Some tiles a block; AHEAD rows are on their way while others are taken in. */
template <int K, int N>
static __global__ void __launch_bounds__(THREADS) gradient(thin t, float *partial, view coarse, view fine)
{
    constexpr int wide = thin_wide(K);
    float *tile = shared_memory<float>(); /* later the threads' sums */
    int column = (int)blockIdx.y * t.groups * N, group = (int)threadIdx.x % t.groups;
    int lane = (int)threadIdx.x / t.groups, a = column + group * N, all = t.w.batch * t.tiles;
    bool idle = lane >= t.lanes || a >= t.w.coarse_channels;
    thin_weights<K, N> sums = {};
    for (int number = (int)blockIdx.x; number < all; number += (int)gridDim.x) {
        size_t sample = number / t.tiles;
        int first = number % t.tiles * t.rows, end = min(t.rows, t.w.coarse - first);
        size_t start = (sample * t.w.coarse + first) * t.w.coarse_channels + a;
        __syncthreads();
        thin_load_windows<false>(tile, t.w, fine, sample, first, t.rows, t.pitch, wide);
        __syncthreads();
        for (int row = lane; row < end && !idle; row += AHEAD * t.lanes) {
            vec<N> ahead[AHEAD] = {};
#pragma unroll
            for (int i = 0; i < AHEAD; i++)
                if (row + i * t.lanes < end)
                    ahead[i] = load_vec<N>(coarse, start + (size_t)(row + i * t.lanes) * t.w.coarse_channels);
#pragma unroll
            for (int i = 0; i < AHEAD; i++)
                if (row + i * t.lanes < end)
                    thin_accumulate(sums, ahead[i].v, tile + (row + i * t.lanes) * t.pitch);
        }
    }
    thin_store_sums(partial + blockIdx.x * (size_t)t.w.coarse_channels * window_width(t.w), tile, sums, t.w,
                    column, t.groups, t.lanes);
}

template <int K, int N>
static void launch_gradient(const struct window *w, float *dweight, view coarse, view fine)
{
    struct thin t = thin_make(w, thin_wide(K), N, GRADIENT_STEPS);
    size_t weights = window_weights(w), floats = tile_floats(&t, thin_wide(K));
    size_t sums = THREADS * thin_shared_sums<K>(), tiles = (size_t)w->batch * t.tiles;
    unsigned parts = tiles < most_parts ? (unsigned)tiles : most_parts;
    float *to = (float *)cuda_workspace(WORKSPACE_CONV, parts * weights * sizeof *to);
    launch(gradient<K, N>, dim3(parts, columns(&t, N)), THREADS,
           (floats > sums ? floats : sums) * sizeof(float), t, to, coarse, fine);
    cuda_add_partial_sums(dweight, to, (int)parts, (int)weights, 1, true);
}

template <int K> static void gradient_of(const struct window *w, float *dweight, view coarse, view fine)
{
    if (K <= 18 && vec_size((size_t)w->coarse_channels, coarse) > 1)
        launch_gradient<K, K <= 18 ? 4 : 1>(w, dweight, coarse, fine);
    else
        launch_gradient<K, 1>(w, dweight, coarse, fine);
}

void window_thin_gradient(const struct window *w, float *dweight, view coarse, view fine)
{
    cuda_count_operations(window_operations(w));
    THIN_CALL(window_width(*w), gradient_of, w, dweight, coarse, fine);
}
