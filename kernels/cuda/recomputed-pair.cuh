/* What a recomputed block makes of two rows of c, in the registers of a thread that has N of its channels. */
#ifndef KERNELS_CUDA_RECOMPUTED_PAIR_CUH
#define KERNELS_CUDA_RECOMPUTED_PAIR_CUH

#include "kernels/cuda/block.cuh"
#include "kernels/cuda/random.cuh"
#include "kernels/cuda/sums.cuh"
#include "kernels/cuda/window-thin.cuh"

/* N: half a block of random numbers. WIDTH: of a window, at most. */
enum { N = 4, WIDTH = 18, WIDE = thin_wide(WIDTH) };
enum stage { STATISTICS, RESULT, SUMS, GRADIENT };

/* How a block of threads stands: `groups` (an even number) side by side, `lanes` pairs of rows. It takes
 * tiles of `pairs`. */
struct recomputed {
    window w;
    int groups, lanes;
    int pairs, pitch, tiles; /* of a sample */
    view x;
    const float *weight, *bias;
    float slope;
    struct mask mask;
    const float *mean, *gain, *shift, *pull, *slip;
    view y;                    /* or dy */
    view dbare, dc;            /* data may be NULL */
    float *parts, *bias_parts; /* of the stage's sums; of the bias' gradient */
};

/* What a thread keeps of its channels. */
struct channels {
    float bias[N], mean[N], gain[N], shift[N], pull[N], slip[N];
};

/* A thread's sums over its rows: two for each channel, and the weight's gradient. */
struct totals {
    float first[N], second[N];
    thin_weights<WIDTH, N> weight;
};

/* Two rows of a thread's channels. */
struct pair {
    float v[2][N];
};

/* Dropout's factors for the rows at element i and i + channels. Of two neighbouring lanes, which hold a
 * block's two halves, each makes one row's block. All lanes of the warp. */
__device__ static inline pair mask_pair(const mask &m, size_t i, int channels)
{
    pair f;
    uint32_t words[4], low[2], high[2];
    bool odd = threadIdx.x % 2;
    for (int c = 0; c < N && !m.on; c++) f.v[0][c] = f.v[1][c] = 1;
    if (!m.on) return f;
    random_block(m.key, (uint32_t)((i + (odd ? channels : 0)) / 8), words);
    for (int j = 0; j < 2; j++) {
        uint32_t other = __shfl_xor_sync(WHOLE_WARP, odd ? words[j] : words[2 + j], 1);
        low[j] = odd ? other : words[j], high[j] = odd ? words[2 + j] : other;
    }
    for (int c = 0; c < N; c++) {
        int half = c % 2 * 16;
        f.v[0][c] = (low[c / 2] >> half & 0xffff) >= m.threshold ? m.kept : 0;
        f.v[1][c] = (high[c / 2] >> half & 0xffff) >= m.threshold ? m.kept : 0;
    }
    return f;
}

/* The result before the pool. */
__device__ static inline pair result_of(const pair &h, const pair &f, const channels &at)
{
    pair u;
    for (int j = 0; j < 2; j++)
        for (int c = 0; c < N; c++)
            u.v[j][c] = ((h.v[j][c] - at.mean[c]) * at.gain[c] + at.shift[c]) * f.v[j][c];
    return u;
}

/* The gradient by (h - mean) gain + shift. Of equal ones in a pair the first is the largest. */
__device__ static inline pair gradient_of(const pair &h, const pair &f, const channels &at, const float *dy)
{
    pair u = result_of(h, f, at), g;
    for (int c = 0; c < N; c++) {
        float first = u.v[0][c] >= u.v[1][c] ? 1 : 0;
        g.v[0][c] = dy[c] * (0.5f + first) * f.v[0][c];
        g.v[1][c] = dy[c] * (1.5f - first) * f.v[1][c];
    }
    return g;
}

__device__ static inline pair activations(const recomputed &r, const thin_weights<WIDTH, N> &weights,
                                          const channels &at, const float *windows)
{
    pair h;
    for (int j = 0; j < 2; j++) {
        for (int c = 0; c < N; c++) h.v[j][c] = at.bias[c];
        thin_multiply(h.v[j], weights, windows + j * r.pitch);
        for (int c = 0; c < N; c++) h.v[j][c] = activate(h.v[j][c], r.slope);
    }
    return h;
}

__device__ static inline channels load_channels(const recomputed &r, int a, enum stage stage)
{
    channels at = {};
    for (int c = 0; c < N && a < r.w.coarse_channels; c++) {
        at.bias[c] = r.bias ? r.bias[a + c] : 0;
        if (stage == STATISTICS) continue;
        at.mean[c] = r.mean[a + c], at.gain[c] = r.gain[a + c], at.shift[c] = r.shift[a + c];
        if (stage == GRADIENT) at.pull[c] = r.pull[a + c], at.slip[c] = r.slip[a + c];
    }
    return at;
}

/* dc of a pair of rows, and its part of the sums. */
__device__ static inline void add_gradient(totals &sums, const recomputed &r, const pair &h, const pair &g,
                                           const channels &at, const float *windows, size_t row)
{
    for (int j = 0; j < 2; j++) {
        pack<N> dc;
        for (int c = 0; c < N; c++) {
            float d = at.gain[c] * g.v[j][c] - at.slip[c] - (h.v[j][c] - at.mean[c]) * at.pull[c];
            dc.v[c] = h.v[j][c] > 0 ? d : r.slope * d;
            sums.first[c] += dc.v[c];
        }
        thin_accumulate(sums.weight, dc.v, windows + j * r.pitch);
        if (r.dc.data) store_pack<N>(r.dc, row + (size_t)j * r.w.coarse_channels, dc);
    }
}

/* What a stage does with a pair; `pooled` is y's index. */
template <enum stage STAGE>
__device__ inline void take_pair(totals &sums, const recomputed &r, const pair &h, const pair &f,
                                 const channels &at, const float *windows, size_t row, size_t pooled)
{
    pack<N> y;
    if (STAGE == STATISTICS) {
        for (int j = 0; j < 2; j++)
            for (int c = 0; c < N; c++) {
                float d = h.v[j][c] - at.mean[c];
                sums.first[c] += d, sums.second[c] += d * d;
            }
        return;
    }
    if (STAGE == RESULT) {
        pair u = result_of(h, f, at);
        for (int c = 0; c < N; c++) y.v[c] = fmaxf(u.v[0][c], u.v[1][c]) + (u.v[0][c] + u.v[1][c]) / 2;
        store_pack<N>(r.y, pooled, y);
        return;
    }
    y = load_pack<N>(r.y, pooled);
    if (r.dbare.data) {
        pack<N> more = load_pack<N>(r.dbare, pooled);
        for (int c = 0; c < N; c++) y.v[c] += more.v[c];
    }
    pair g = gradient_of(h, f, at, y.v);
    if (STAGE == GRADIENT) add_gradient(sums, r, h, g, at, windows, row);
    for (int j = 0; j < 2 && STAGE == SUMS; j++)
        for (int c = 0; c < N; c++) {
            sums.first[c] += g.v[j][c];
            sums.second[c] += g.v[j][c] * (h.v[j][c] - at.mean[c]);
        }
}

#endif
