/* What a block that recomputes c does with a pair of rows of c, in the registers of a thread that has N
 * channels of them. */
#ifndef KERNELS_CUDA_BLOCK_RECOMPUTE_PAIR_CUH
#define KERNELS_CUDA_BLOCK_RECOMPUTE_PAIR_CUH

#include "kernels/cuda/base/random.cuh"
#include "kernels/cuda/block/batch-norm.cuh"

/* The four kernels over all pairs of rows. Forward: the statistics of h; the result y. Backward: the sums of
 * the normalisation's gradient; the gradients of c, weight and bias. */
enum stage { STATISTICS, RESULT, SUMS, GRADIENT };

/* Threads of a thread block; and thread blocks that the registers of a multiprocessor suffice for. */
enum { RECOMPUTE_THREADS = 128 };
__host__ __device__ constexpr int recompute_blocks(enum stage stage)
{
    return stage == GRADIENT ? 2 : stage == SUMS ? 3 : 4;
}

/* Kernel arguments. A thread block computes tiles of `pairs` pairs. In fp32 it has `groups` (an even number)
 * groups of channels side by side, times `lines` pairs at a time; in tf32 its warps compute warp tiles. */
struct recompute {
    struct conv conv;
    int groups, lines;
    int pairs, pitch, tiles; /* of a sample */
    view x;
    const float *weight, *bias;
    float slope;
    struct mask mask;
    const float *mean, *norm_scale, *norm_shift, *dh_slope, *dh_offset;
    view y;                        /* or dy */
    view dbare, dc;                /* data may be NULL */
    bool vectorised;               /* y and dbare are aligned for loads of a vec<N> */
    float *partial, *bias_partial; /* partial sums of the stage; of the bias' gradient */
};

/* The values of a thread's N channels. In stage STATISTICS the mean is a pivot. */
template <int N> struct channels {
    float bias[N], mean[N], norm_scale[N], norm_shift[N], dh_slope[N], dh_offset[N];
};

/* A thread's sums over its rows. STATISTICS: of h - pivot, and its square; SUMS: of dn, and dn (h - mean);
 * GRADIENT: of dc, and nothing. */
template <int N> struct totals {
    float first[N], second[N];
};

/* N channels of two rows. */
template <int N> struct pair {
    float v[2][N];
};

template <int N, enum stage STAGE> __device__ inline channels<N> load_channels(const recompute &r, int a)
{
    channels<N> at = {};
    for (int c = 0; c < N && a < r.conv.coarse_channels; c++) {
        at.bias[c] = r.bias ? r.bias[a + c] : 0;
        if (STAGE == STATISTICS) continue;
        at.mean[c] = r.mean[a + c], at.norm_scale[c] = r.norm_scale[a + c],
        at.norm_shift[c] = r.norm_shift[a + c];
        if (STAGE == GRADIENT) at.dh_slope[c] = r.dh_slope[a + c], at.dh_offset[c] = r.dh_offset[a + c];
    }
    return at;
}

/* The result before pooling, with the dropout factors f. */
template <int N>
__device__ inline pair<N> result_of(const pair<N> &h, const pair<N> &f, const channels<N> &at)
{
    pair<N> u;
    for (int j = 0; j < 2; j++)
        for (int c = 0; c < N; c++)
            u.v[j][c] = ((h.v[j][c] - at.mean[c]) * at.norm_scale[c] + at.norm_shift[c]) * f.v[j][c];
    return u;
}

/* dn, the gradient of n = (h - mean) norm_scale + norm_shift. Of two equal values the first counts as the
 * larger one. */
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

template <int N> __device__ inline vec<N> load_values(const recompute &r, view x, size_t at)
{
    vec<N> p;
    if (r.vectorised) return load_vec<N>(x, at);
    for (int c = 0; c < N; c++) p.v[c] = load(x, at + c);
    return p;
}

/* dy + dbare, in the stages that need it; zeros where there is no such pair. */
template <int N, enum stage STAGE>
__device__ inline vec<N> load_gradient(const recompute &r, size_t at, bool there)
{
    vec<N> dy = {};
    if (STAGE < SUMS || !there) return dy;
    dy = load_values<N>(r, r.y, at);
    if (!r.dbare.data) return dy;
    vec<N> more = load_values<N>(r, r.dbare, at);
    for (int c = 0; c < N; c++) dy.v[c] += more.v[c];
    return dy;
}

template <int N> __device__ inline void store_result(const recompute &r, size_t at, const pair<N> &u)
{
    vec<N> y;
    for (int c = 0; c < N; c++) y.v[c] = fmaxf(u.v[0][c], u.v[1][c]) + (u.v[0][c] + u.v[1][c]) / 2;
    if (r.vectorised)
        store_vec<N>(r.y, at, y);
    else
        for (int c = 0; c < N; c++) store(r.y, at + c, y.v[c]);
}

/* In place: g, the gradient of n, becomes dc; stored too where r.dc has data. */
template <int N>
__device__ inline void convolved_gradient(totals<N> &sums, const recompute &r, const pair<N> &h, pair<N> &g,
                                          const channels<N> &at, size_t row)
{
    for (int j = 0; j < 2; j++) {
        vec<N> dc;
        for (int c = 0; c < N; c++) {
            float d =
                at.norm_scale[c] * g.v[j][c] - at.dh_offset[c] - (h.v[j][c] - at.mean[c]) * at.dh_slope[c];
            g.v[j][c] = dc.v[c] = h.v[j][c] > 0 ? d : r.slope * d;
            sums.first[c] += dc.v[c];
        }
        if (r.dc.data) store_vec<N>(r.dc, row + (size_t)j * r.conv.coarse_channels, dc);
    }
}

/* What a stage does with a pair; `at` is the index of its result in y, a its first channel. Returns dc. */
template <enum stage STAGE, int N>
__device__ inline pair<N> pass_over_pair(totals<N> &sums, const recompute &r, const pair<N> &h,
                                         const pair<N> &f, const channels<N> &channel, const vec<N> &dy,
                                         size_t at, int a)
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

/* Stores a thread block's partial sums of channel a, over `rows` rows. */
template <enum stage STAGE>
__device__ inline void store_part(const recompute &r, int a, float first, float second, float pivot, int rows)
{
    size_t all = (size_t)r.conv.coarse_channels, number = blockIdx.x;
    if (STAGE == STATISTICS) {
        float *part = r.partial + number * STATISTICS_PART * all + a;
        part[PART_ROWS * all] = (float)rows;
        part[PART_MEAN * all] = (float)(pivot + (double)first / rows);
        part[PART_SQUARES * all] = (float)fmax(second - (double)first * first / rows, 0.0);
    } else if (STAGE == SUMS) {
        float *part = r.partial + number * GRADIENT_PART * all + a;
        part[PART_SUM * all] = first, part[PART_MOMENT * all] = second;
    } else
        r.bias_partial[number * all + a] = first;
}

#endif
