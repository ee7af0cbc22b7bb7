/* What a recomputed block makes of a pair of rows of c, in the registers of a thread that has N channels of
 * them. */
#ifndef KERNELS_CUDA_BLOCK_RECOMPUTE_PAIR_CUH
#define KERNELS_CUDA_BLOCK_RECOMPUTE_PAIR_CUH

#include "kernels/cuda/base/random.cuh"
#include "kernels/cuda/block/batch-norm.cuh"

/* What a pass over all pairs is for. Forward: the statistics; the result. Backward: the sums of the
 * normalisation; the gradients by c, the weight and the bias. */
enum stage { STATISTICS, RESULT, SUMS, GRADIENT };

/* Threads of a block, and how many blocks a multiprocessor has registers for. */
enum { RECOMPUTED_THREADS = 128 };
__host__ __device__ constexpr int recomputed_blocks(enum stage stage)
{
    return stage == GRADIENT ? 2 : stage == SUMS ? 3 : 4;
}

/* A block of threads takes tiles of `pairs`; it stands as `groups` (an even number) of channels side by side
 * and `lanes` pairs, or in warps that take warp_tiles. */
struct recomputed {
    struct conv conv;
    int groups, lines;
    int pairs, pitch, tiles; /* of a sample */
    view x;
    const float *weight, *bias;
    float slope;
    struct mask mask;
    const float *mean, *gain, *shift, *pull, *slip;
    view y;                    /* or dy */
    view dbare, dc;            /* data may be NULL */
    bool packed;               /* y and dbare lie where they can be taken by vecs */
    float *parts, *bias_parts; /* of the stage's sums; of the bias' gradient */
};

/* What a thread keeps of its channels. In the statistics the mean is a pivot. */
template <int N> struct channels {
    float bias[N], mean[N], gain[N], shift[N], pull[N], slip[N];
};

/* A thread's sums over its rows: of h - mean and its square; of g and g (h - mean); of dc. */
template <int N> struct totals {
    float first[N], second[N];
};

template <int N> struct pair {
    float v[2][N];
};

template <int N, enum stage STAGE> __device__ inline channels<N> load_channels(const recomputed &r, int a)
{
    channels<N> at = {};
    for (int c = 0; c < N && a < r.conv.coarse_channels; c++) {
        at.bias[c] = r.bias ? r.bias[a + c] : 0;
        if (STAGE == STATISTICS) continue;
        at.mean[c] = r.mean[a + c], at.gain[c] = r.gain[a + c], at.shift[c] = r.shift[a + c];
        if (STAGE == GRADIENT) at.pull[c] = r.pull[a + c], at.slip[c] = r.slip[a + c];
    }
    return at;
}

/* The result before the pool. */
template <int N>
__device__ inline pair<N> result_of(const pair<N> &h, const pair<N> &f, const channels<N> &at)
{
    pair<N> u;
    for (int j = 0; j < 2; j++)
        for (int c = 0; c < N; c++)
            u.v[j][c] = ((h.v[j][c] - at.mean[c]) * at.gain[c] + at.shift[c]) * f.v[j][c];
    return u;
}

/* The gradient by (h - mean) gain + shift. Of equal ones in a pair the first is the largest. */
template <int N>
__device__ inline pair<N> gradient_of(const pair<N> &h, const pair<N> &f, const channels<N> &at,
                                      const vec<N> &dy)
{
    pair<N> u = result_of(h, f, at), g;
    for (int c = 0; c < N; c++) {
        float first = u.v[0][c] >= u.v[1][c] ? 1 : 0;
        g.v[0][c] = dy.v[c] * (0.5f + first) * f.v[0][c];
        g.v[1][c] = dy.v[c] * (1.5f - first) * f.v[1][c];
    }
    return g;
}

template <int N> __device__ inline vec<N> load_values(const recomputed &r, view x, size_t at)
{
    vec<N> p;
    if (r.packed) return load_vec<N>(x, at);
    for (int c = 0; c < N; c++) p.v[c] = load(x, at + c);
    return p;
}

/* dy's, in the stages that want it; zeros where there is none. */
template <int N, enum stage STAGE>
__device__ inline vec<N> load_gradient(const recomputed &r, size_t at, bool there)
{
    vec<N> dy = {};
    if (STAGE < SUMS || !there) return dy;
    dy = load_values<N>(r, r.y, at);
    if (!r.dbare.data) return dy;
    vec<N> more = load_values<N>(r, r.dbare, at);
    for (int c = 0; c < N; c++) dy.v[c] += more.v[c];
    return dy;
}

template <int N> __device__ inline void store_result(const recomputed &r, size_t at, const pair<N> &u)
{
    vec<N> y;
    for (int c = 0; c < N; c++) y.v[c] = fmaxf(u.v[0][c], u.v[1][c]) + (u.v[0][c] + u.v[1][c]) / 2;
    if (r.packed)
        store_vec<N>(r.y, at, y);
    else
        for (int c = 0; c < N; c++) store(r.y, at + c, y.v[c]);
}

/* dc of a pair from g, in place; stored too where there is a place for it. */
template <int N>
__device__ inline void convolved_gradient(totals<N> &sums, const recomputed &r, const pair<N> &h, pair<N> &g,
                                          const channels<N> &at, size_t row)
{
    for (int j = 0; j < 2; j++) {
        vec<N> dc;
        for (int c = 0; c < N; c++) {
            float d = at.gain[c] * g.v[j][c] - at.slip[c] - (h.v[j][c] - at.mean[c]) * at.pull[c];
            g.v[j][c] = dc.v[c] = h.v[j][c] > 0 ? d : r.slope * d;
            sums.first[c] += dc.v[c];
        }
        if (r.dc.data) store_vec<N>(r.dc, row + (size_t)j * r.conv.coarse_channels, dc);
    }
}

/* What a stage does with a pair, whose result is y's value `at` and whose first channel is a. Returns dc. */
template <enum stage STAGE, int N>
__device__ inline pair<N> take_pair(totals<N> &sums, const recomputed &r, const pair<N> &h, const pair<N> &f,
                                    const channels<N> &channel, const vec<N> &dy, size_t at, int a)
{
    pair<N> g = {};
    if (STAGE == RESULT) store_result(r, at, result_of(h, f, channel));
    if (STAGE >= SUMS) g = gradient_of(h, f, channel, dy);
    if (STAGE == GRADIENT) convolved_gradient(sums, r, h, g, channel, 2 * at - a);
    for (int j = 0; j < 2 && (STAGE == STATISTICS || STAGE == SUMS); j++)
        for (int c = 0; c < N; c++) {
            float d = h.v[j][c] - channel.mean[c], value = STAGE == SUMS ? g.v[j][c] : d;
            sums.first[c] += value, sums.second[c] += value * d;
        }
    return g;
}

/* A block's part of channel a: its sums over `rows` rows. */
template <enum stage STAGE>
__device__ inline void store_part(const recomputed &r, int a, float first, float second, float pivot,
                                  int rows)
{
    size_t all = (size_t)r.conv.coarse_channels, number = blockIdx.x;
    if (STAGE == STATISTICS) {
        float *part = r.parts + number * STATISTICS_PART * all + a;
        part[PART_ROWS * all] = (float)rows;
        part[PART_MEAN * all] = (float)(pivot + (double)first / rows);
        part[PART_SQUARES * all] = (float)fmax(second - (double)first * first / rows, 0.0);
    } else if (STAGE == SUMS) {
        float *part = r.parts + number * GRADIENT_PART * all + a;
        part[PART_SUM * all] = first, part[PART_MOMENT * all] = second;
    } else
        r.bias_parts[number * all + a] = first;
}

#endif
