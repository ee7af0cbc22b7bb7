/* Addition with dropout, then layer normalisation (Ba, Kiros, Hinton 2016). A team of threads shares a row
 * and keeps it in registers: a team is a warp where the row is short enough, else a thread block. */
#include <stdlib.h>

#include "kernels/cuda/base/random.cuh"
#include "kernels/cuda/base/sums.cuh"
#include "kernels/cuda/base/vectors.cuh"

extern "C" {
#include "common/fail.h"
#include "common/memory.h"
}

static const float EPSILON = 1e-5f;

enum {
    THREADS = 256,
    TEAM_MOST = 512,      /* threads of a team, at most */
    WIDE = 8,             /* values of a vec where alignment allows, else 1 */
    FEW = 2,              /* vecs a thread, in rows that are not long */
    MANY = 16,            /* in long rows: vecs of 8 values … */
    MOST = 128,           /* … or of 1 value */
    GRADIENT_BLOCKS = 264 /* thread blocks that sum the parameters' gradients, at most */
};

struct row {
    float mean, inverse; /* of the sum; 1 / sqrt(variance + epsilon) */
};

struct add_norm {
    struct dropout dropout;
    struct row *rows; /* (batch, length), on the device */
};

struct add_norm *cuda_add_norm_new_or_die(int batch, int length, struct dropout dropout)
{
    struct add_norm *norm = (struct add_norm *)allocate_or_die(1, sizeof *norm);
    norm->dropout = dropout;
    norm->rows = (struct row *)cuda_memory_or_die((size_t)batch * (size_t)length, sizeof *norm->rows);
    return norm;
}

void cuda_add_norm_free(struct add_norm *norm)
{
    if (!norm) return;
    cuda_memory_release(norm->rows);
    free(norm);
}

/* `size` threads a team, `count` teams a thread block, vecs of `width` values. */
struct teams {
    int rows, channels, width, size, count;
};

static struct teams teams_make(struct tensor x, int width)
{
    struct teams t = {x.batch * x.length, x.channels, width == WIDE ? WIDE : 1, WARP, 1};
    unsigned warps = blocks_for((size_t)x.channels, (size_t)t.width * FEW * WARP);
    if (x.channels > TEAM_MOST * MOST) die("cuda: layer normalisation: %d channels are too many", x.channels);
    if (warps == 1)
        t.count = THREADS / WARP;
    else
        t.size = warps < TEAM_MOST / WARP ? (int)warps * WARP : TEAM_MOST;
    return t;
}

/* Launches KERNEL<width, vecs a thread>. */
#define LAUNCH_TEAMS(TEAMS, KERNEL, GRID, SHARED, ...)                                                       \
    launch((TEAMS).channels <= (TEAMS).width * FEW * (TEAMS).size                                            \
               ? ((TEAMS).width == WIDE ? KERNEL<WIDE, FEW> : KERNEL<1, FEW>)                                \
               : ((TEAMS).width == WIDE ? KERNEL<WIDE, MANY> : KERNEL<1, MOST>),                             \
           GRID, (unsigned)((TEAMS).size * (TEAMS).count), SHARED, __VA_ARGS__, TEAMS)

/* Loops over vecs are unrolled only where there are few, which then stay in registers. */

/* The sum over a team; `shared` has WARP elements, used by teams that are thread blocks. */
__device__ static inline float team_sum(float value, struct teams t, float *shared)
{
    return t.size == WARP ? warp_sum(value) : block_sum(value, shared);
}

/* The first channel of this thread's vec p. */
template <int N> __device__ inline int channel_of(struct teams t, int p)
{
    return (p * t.size + (int)threadIdx.x % t.size) * N;
}

/* This team's first row; its next rows are each gridDim.x * t.count further. */
__device__ static inline int row_of(struct teams t)
{
    return (int)blockIdx.x * t.count + (int)threadIdx.x / t.size;
}

struct forward {
    view y, x, f, scale, shift;
    struct row *rows;
    struct mask mask;
};

/* x + dropout(f) of a row, stored in f too; returns the thread's share of the row's sum. */
template <int N, int P>
__device__ inline float add_row(vec<N> *sum, const struct forward &a, struct teams t, size_t at)
{
    float total = 0;
#pragma unroll(P <= FEW ? P : 1)
    for (int p = 0; p < P; p++) {
        int c = channel_of<N>(t, p);
        if (c >= t.channels) break;
        vec<N> x = load_vec<N>(a.x, at + c), factor = mask_factors<N>(a.mask, at + c);
        sum[p] = load_vec<N>(a.f, at + c);
        for (int j = 0; j < N; j++) total += sum[p].v[j] = sum[p].v[j] * factor.v[j] + x.v[j];
        store_vec<N>(a.f, at + c, sum[p]);
    }
    return total;
}

template <int N, int P>
static __global__ void __launch_bounds__(TEAM_MOST) forward_rows(struct forward a, struct teams t)
{
    int row = row_of(t);
    size_t at = (size_t)row * t.channels;
    vec<N> sum[P];
    float squares = 0, *shared = shared_memory<float>();
    if (row >= t.rows) return; /* whole warps only, and no team that is a thread block */
    float mean = team_sum(add_row<N, P>(sum, a, t, at), t, shared) / (float)t.channels;
#pragma unroll(P <= FEW ? P : 1)
    for (int p = 0; p < P; p++)
        for (int j = 0; j < N && channel_of<N>(t, p) < t.channels; j++)
            squares += (sum[p].v[j] - mean) * (sum[p].v[j] - mean);
    struct row r = {mean, 1 / sqrtf(team_sum(squares, t, shared) / (float)t.channels + EPSILON)};
    if (threadIdx.x % t.size == 0) a.rows[row] = r;
#pragma unroll(P <= FEW ? P : 1)
    for (int p = 0; p < P; p++) {
        int c = channel_of<N>(t, p);
        if (c >= t.channels) break;
        vec<N> scale = load_vec<N>(a.scale, c), to = load_vec<N>(a.shift, c);
        for (int j = 0; j < N; j++) to.v[j] += (sum[p].v[j] - mean) * r.inverse * scale.v[j];
        store_vec<N>(a.y, at + c, to);
    }
}

void cuda_add_norm_forward(struct add_norm *norm, struct tensor y, struct tensor x, struct tensor f,
                           device scale, device shift, struct pass pass)
{
    struct forward a = {view_of(y),
                        view_of(x),
                        view_of(f),
                        view_of(scale),
                        view_of(shift),
                        norm->rows,
                        mask_make(norm->dropout, pass)};
    struct teams t = teams_make(x, vec_size((size_t)x.channels, a.y, a.x, a.f, a.scale, a.shift));
    LAUNCH_TEAMS(t, forward_rows, blocks_for((size_t)t.rows, (size_t)t.count), WARP * sizeof(float), a);
}

struct backward {
    view dx, df, dy, sum, scale;
    const struct row *rows;
    struct mask mask;
    float *dscale, *dshift; /* (thread blocks, channels): partial sums */
};

/* What a thread keeps in registers from row to row. */
template <int N, int P> struct kept {
    vec<N> scale[P], dscale[P], dshift[P];
};

/* dx = (g - mean(g) - n mean(g n)) * inverse, with g = dy * scale and n the normalised row. */
template <int N, int P>
__device__ inline void backward_row(struct kept<N, P> *k, const struct backward &a, struct teams t, int row,
                                    float *shared)
{
    size_t at = (size_t)row * t.channels;
    struct row r = a.rows[row];
    vec<N> g[P], n[P];
    float total = 0, along = 0;
#pragma unroll(P <= FEW ? P : 1)
    for (int p = 0; p < P; p++) {
        int c = channel_of<N>(t, p);
        if (c >= t.channels) break;
        g[p] = load_vec<N>(a.dy, at + c), n[p] = load_vec<N>(a.sum, at + c);
        for (int j = 0; j < N; j++) {
            n[p].v[j] = (n[p].v[j] - r.mean) * r.inverse;
            k->dscale[p].v[j] += g[p].v[j] * n[p].v[j];
            k->dshift[p].v[j] += g[p].v[j];
            g[p].v[j] *= k->scale[p].v[j];
            total += g[p].v[j], along += g[p].v[j] * n[p].v[j];
        }
    }
    float mean = team_sum(total, t, shared) / (float)t.channels;
    float slope = team_sum(along, t, shared) / (float)t.channels;
#pragma unroll(P <= FEW ? P : 1)
    for (int p = 0; p < P; p++) {
        int c = channel_of<N>(t, p);
        if (c >= t.channels) break;
        vec<N> factor = mask_factors<N>(a.mask, at + c);
        for (int j = 0; j < N; j++) g[p].v[j] = (g[p].v[j] - mean - n[p].v[j] * slope) * r.inverse;
        store_vec<N>(a.dx, at + c, g[p]);
        for (int j = 0; j < N; j++) g[p].v[j] *= factor.v[j];
        store_vec<N>(a.df, at + c, g[p]);
    }
}

/* Stores a thread block's partial sum of a parameter's gradient: the sums of its teams, added in order by way
 * of `shared` (count, channels) where there are several teams. */
template <int N, int P>
__device__ inline void store_part(float *partial, const vec<N> *sum, struct teams t, float *shared)
{
    float *part = partial + (size_t)blockIdx.x * t.channels;
    float *to = t.count > 1 ? shared + (int)threadIdx.x / t.size * t.channels : part;
    __syncthreads();
#pragma unroll(P <= FEW ? P : 1)
    for (int p = 0; p < P; p++)
        for (int j = 0, c = channel_of<N>(t, p); j < N && c < t.channels; j++) to[c + j] = sum[p].v[j];
    __syncthreads();
    for (int c = (int)threadIdx.x; t.count > 1 && c < t.channels; c += (int)blockDim.x) {
        float total = 0;
        for (int team = 0; team < t.count; team++) total += shared[team * t.channels + c];
        part[c] = total;
    }
}

template <int N, int P>
static __global__ void __launch_bounds__(TEAM_MOST) backward_rows(struct backward a, struct teams t)
{
    float *shared = shared_memory<float>();
    struct kept<N, P> k = {
    };
#pragma unroll(P <= FEW ? P : 1)
    for (int p = 0; p < P; p++)
        if (channel_of<N>(t, p) < t.channels) k.scale[p] = load_vec<N>(a.scale, channel_of<N>(t, p));
    for (int row = row_of(t); row < t.rows; row += (int)gridDim.x * t.count)
        backward_row<N, P>(&k, a, t, row, shared);
    store_part<N, P>(a.dscale, k.dscale, t, shared);
    store_part<N, P>(a.dshift, k.dshift, t, shared);
}

void cuda_add_norm_backward(struct add_norm *norm, struct tensor dx, struct tensor df, device dscale,
                            device dshift, struct tensor dy, struct tensor sum, device scale,
                            struct pass pass)
{
    struct backward a = {view_of(dx),
                         view_of(df),
                         view_of(dy),
                         view_of(sum),
                         view_of(scale),
                         norm->rows,
                         mask_make(norm->dropout, pass),
                         NULL,
                         NULL};
    struct teams t = teams_make(dy, vec_size((size_t)dy.channels, a.dx, a.df, a.dy, a.sum, a.scale));
    unsigned blocks = blocks_for((size_t)t.rows, (size_t)t.count);
    if (blocks > GRADIENT_BLOCKS) blocks = GRADIENT_BLOCKS;
    size_t part = (size_t)blocks * (size_t)t.channels, places = (size_t)t.count * (size_t)t.channels;
    struct arena scratch = {(char *)cuda_workspace(WORKSPACE_OPERATION, 2 * (part * sizeof(float) + 256)), 0};
    a.dscale = arena_take<float>(&scratch, part), a.dshift = arena_take<float>(&scratch, part);
    if (t.count == 1 || places < WARP) places = WARP;
    LAUNCH_TEAMS(t, backward_rows, blocks, places * sizeof(float), a);
    if (dscale) cuda_add_partial_sums(reals(dscale), a.dscale, (int)blocks, t.channels, 1, true);
    if (dshift) cuda_add_partial_sums(reals(dshift), a.dshift, (int)blocks, t.channels, 1, true);
}
