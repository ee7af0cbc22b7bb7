/* Convolution of small patches: the first convolution, whose input has 2 channels, the last transposed one,
 * whose output has 2 channels, and the discriminator's. Each value of the coarse side is read or written
 * once. */
#include "kernels/cuda/base/sums.cuh"
#include "kernels/cuda/base/vectors.cuh"
#include "kernels/cuda/conv/small.cuh"

enum { PATCH_MOST = 64, THREADS = 256, MOST_GROUPS = 64, TILE_BYTES = 32 << 10 };
/* Tiles that keep a GPU busy; thread blocks that sum a gradient, at most, each into a partial sum. */
enum { ENOUGH_TILES = 1024 };
static const unsigned most_parts = 264;
enum { CORRELATE_STEPS = 64, GRADIENT_STEPS = 16, AHEAD = 4 };

bool conv_small_possible(const struct conv *g)
{
    return conv_patch_size(*g) <= PATCH_MOST && (size_t)g->fine * g->fine_channels < INT32_MAX / 2;
}

size_t conv_small_scratch(const struct conv *g)
{
    return most_parts * conv_weight_count(g) * sizeof(float);
}

/* The shape of a thread block: `groups` groups of channels side by side, times `lines` coarse rows at a time.
 * It computes tiles of `rows` coarse rows. */
struct small_tiling {
    struct conv conv;
    int groups, lines;
    int rows, pitch, tiles; /* of a sample */
};

static struct small_tiling small_tiling_make(const struct conv *g, int padded, int channels, int steps)
{
    int all = g->coarse_channels / channels, groups = all < MOST_GROUPS ? all : MOST_GROUPS;
    struct small_tiling t = {*g, groups, THREADS / groups, 0, small_pitch(g, padded), 0};
    for (;; steps /= 2) {
        t.rows = t.lines * steps;
        t.tiles = (g->coarse + t.rows - 1) / t.rows;
        bool fits = (size_t)t.rows * t.pitch * sizeof(float) <= TILE_BYTES;
        if (steps == 1 || (fits && (steps <= AHEAD || (size_t)t.tiles * g->batch >= ENOUGH_TILES))) return t;
    }
}

static unsigned columns(const struct small_tiling *t, int channels)
{
    return blocks_for((size_t)(t->conv.coarse_channels / channels), (size_t)t->groups);
}

static size_t tile_floats(const struct small_tiling *t, int padded)
{
    return (size_t)(t->rows - 1) * t->pitch + padded;
}

template <int K, int N>
static __global__ void __launch_bounds__(THREADS)
    correlate(small_tiling t, view coarse, view fine, const float *weight, const float *bias)
{
    constexpr int padded = padded_patch(K);
    float *weights = shared_memory<float>(); /* (groups N, padded) */
    float *tile_patches = weights + t.groups * N * padded;
    size_t sample = blockIdx.x / t.tiles;
    int first = (int)(blockIdx.x % t.tiles) * t.rows, column = (int)blockIdx.y * t.groups * N;
    int group = (int)threadIdx.x % t.groups, line = (int)threadIdx.x / t.groups, a = column + group * N;
    small_load_weights(weights, t.conv, weight, column, t.groups * N, padded);
    small_load_patches<false>(tile_patches, t.conv, fine, sample, first, t.rows, t.pitch, padded);
    __syncthreads();
    if (line >= t.lines || a >= t.conv.coarse_channels) return;
    small_weights<K, N> mine;
    vec<N> start;
    small_weights_to_registers(mine, weights + group * N * padded);
    for (int c = 0; c < N; c++) start.v[c] = bias ? bias[a + c] : 0;
    for (int row = line; row < t.rows && first + row < t.conv.coarse; row += t.lines) {
        vec<N> sum = start;
        small_multiply(sum.v, mine, tile_patches + row * t.pitch);
        store_vec<N>(coarse, (sample * t.conv.coarse + first + row) * t.conv.coarse_channels + a, sum);
    }
}

template <int K, int N>
static void launch_correlate(const struct conv *g, view coarse, view fine, const float *weight,
                             const float *bias)
{
    struct small_tiling t = small_tiling_make(g, padded_patch(K), N, CORRELATE_STEPS);
    size_t floats = (size_t)t.groups * N * padded_patch(K) + tile_floats(&t, padded_patch(K));
    launch(correlate<K, N>, dim3((unsigned)(g->batch * t.tiles), columns(&t, N)), THREADS,
           floats * sizeof(float), t, coarse, fine, weight, bias);
}

/* 4 channels a thread where the registers suffice, and where vectorised stores are possible. */
template <int K>
static void correlate_of(const struct conv *g, view coarse, view fine, const float *weight, const float *bias)
{
    if (K <= 18 && vec_size((size_t)g->coarse_channels, coarse) > 1)
        launch_correlate<K, K <= 18 ? 4 : 1>(g, coarse, fine, weight, bias);
    else
        launch_correlate<K, 1>(g, coarse, fine, weight, bias);
}

void conv_small_correlate(const struct conv *g, view coarse, view fine, const float *weight,
                          const float *bias)
{
    cuda_count_operations(conv_operations(g));
    SMALL_CALL(conv_patch_size(*g), correlate_of, g, coarse, fine, weight, bias);
}

/* The weight's gradient: a thread block sums over several tiles; each thread loads AHEAD coarse rows before
 * it uses them, so that the loads overlap. */
template <int K, int N>
static __global__ void __launch_bounds__(THREADS)
    gradient(small_tiling t, float *partial, view coarse, view fine)
{
    constexpr int padded = padded_patch(K);
    float *tile_patches = shared_memory<float>(); /* reused for the threads' sums */
    int column = (int)blockIdx.y * t.groups * N, group = (int)threadIdx.x % t.groups;
    int line = (int)threadIdx.x / t.groups, a = column + group * N, all = t.conv.batch * t.tiles;
    bool idle = line >= t.lines || a >= t.conv.coarse_channels;
    small_weights<K, N> sums = {};
    for (int number = (int)blockIdx.x; number < all; number += (int)gridDim.x) {
        size_t sample = number / t.tiles;
        int first = number % t.tiles * t.rows, end = min(t.rows, t.conv.coarse - first);
        size_t start = (sample * t.conv.coarse + first) * t.conv.coarse_channels + a;
        __syncthreads();
        small_load_patches<false>(tile_patches, t.conv, fine, sample, first, t.rows, t.pitch, padded);
        __syncthreads();
        for (int row = line; row < end && !idle; row += AHEAD * t.lines) {
            vec<N> ahead[AHEAD] = {};
#pragma unroll
            for (int i = 0; i < AHEAD; i++)
                if (row + i * t.lines < end)
                    ahead[i] =
                        load_vec<N>(coarse, start + (size_t)(row + i * t.lines) * t.conv.coarse_channels);
#pragma unroll
            for (int i = 0; i < AHEAD; i++)
                if (row + i * t.lines < end)
                    small_accumulate(sums, ahead[i].v, tile_patches + (row + i * t.lines) * t.pitch);
        }
    }
    small_store_sums(partial + blockIdx.x * (size_t)t.conv.coarse_channels * conv_patch_size(t.conv),
                     tile_patches, sums, t.conv, column, t.groups, t.lines);
}

template <int K, int N>
static void launch_gradient(const struct conv *g, float *dweight, view coarse, view fine)
{
    struct small_tiling t = small_tiling_make(g, padded_patch(K), N, GRADIENT_STEPS);
    size_t weights = conv_weight_count(g), floats = tile_floats(&t, padded_patch(K));
    size_t sums = THREADS * small_shared_sums<K>(), tiles = (size_t)g->batch * t.tiles;
    unsigned parts = tiles < most_parts ? (unsigned)tiles : most_parts;
    float *to = (float *)cuda_workspace(WORKSPACE_CONV, parts * weights * sizeof *to);
    launch(gradient<K, N>, dim3(parts, columns(&t, N)), THREADS,
           (floats > sums ? floats : sums) * sizeof(float), t, to, coarse, fine);
    cuda_add_partial_sums(dweight, to, (int)parts, (int)weights, 1, true);
}

template <int K> static void gradient_of(const struct conv *g, float *dweight, view coarse, view fine)
{
    if (K <= 18 && vec_size((size_t)g->coarse_channels, coarse) > 1)
        launch_gradient<K, K <= 18 ? 4 : 1>(g, dweight, coarse, fine);
    else
        launch_gradient<K, 1>(g, dweight, coarse, fine);
}

void conv_small_weight_gradient(const struct conv *g, float *dweight, view coarse, view fine)
{
    cuda_count_operations(conv_operations(g));
    SMALL_CALL(conv_patch_size(*g), gradient_of, g, dweight, coarse, fine);
}
