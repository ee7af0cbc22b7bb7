/* The row loop of a block's element-wise kernels: which rows and channels a thread takes, and the device
 * functions that compute from c, the convolution's output, what follows it: activation, normalisation,
 * dropout, pooling.
 *
 * A thread block takes a tile of channels (blockIdx.x) and a part of the rows (blockIdx.y). Its threads form
 * `columns` columns, of one vec<N> of channels each, and loop over the rows in steps of R rows: the two rows
 * of a pooled pair, or one. */
#ifndef KERNELS_CUDA_BLOCK_ROWS_CUH
#define KERNELS_CUDA_BLOCK_ROWS_CUH

#include "kernels/cuda/base/random.cuh"
#include "kernels/cuda/base/sums.cuh"
#include "kernels/cuda/base/vectors.cuh"
#include "kernels/cuda/block/state.cuh"

enum { ROWS_THREADS = 256 };

struct row_loop {
    int steps, channels;
    int columns, rows_at_once; /* the shape of a thread block: vecs side by side, steps at a time */
    int tiles, parts;          /* the grid: along the channels, along the steps */
    int share;                 /* steps of a part */
};

/* Thread blocks of a grid at most, unless there are more tiles. Kernels that sum: 3 on each of the 132
 * multiprocessors of an H200, so that all run at once. */
enum { ROW_LOOP_SUMMING = 396, ROW_LOOP_WRITING = 2112 };

static inline struct row_loop row_loop_make(int steps, int channels, int vec, int most)
{
    int vecs = channels / vec, columns = vec > 1 ? 8 : WARP;
    struct row_loop loop = {};
    loop.steps = steps, loop.channels = channels;
    loop.tiles = (vecs + columns - 1) / columns;
    loop.columns = (vecs + loop.tiles - 1) / loop.tiles;
    loop.rows_at_once = ROWS_THREADS / loop.columns;
    int rounds = (steps + loop.rows_at_once - 1) / loop.rows_at_once,
        parts = most > loop.tiles ? most / loop.tiles : 1;
    int each = (rounds + parts - 1) / parts;
    loop.share = each * loop.rows_at_once;
    loop.parts = (rounds + each - 1) / each;
    return loop;
}

static inline dim3 row_loop_grid(const struct row_loop &loop)
{
    return dim3((unsigned)loop.tiles, (unsigned)loop.parts);
}

/* The N of vec<N>: 16 bytes of c where the other views allow it. */
template <class... Views> static inline int row_loop_vec(int channels, view c, Views... others)
{
    int size = vec_size((size_t)channels, c, others...);
    return size == 8 && !c.bf16 ? 4 : size;
}

/* Rows of a step. */
static inline int block_step(const struct block *block)
{
    return block->shape.pool_pairs ? 2 : 1;
}

/* KERNEL<N, R> for an N and R known at run time only. */
#define ROW_LOOP_VEC(KERNEL, WIDTH, R)                                                                       \
    ((WIDTH) == 8 ? KERNEL<8, R> : (WIDTH) == 4 ? KERNEL<4, R> : KERNEL<1, R>)
#define ROW_LOOP_KERNEL(KERNEL, WIDTH, ROWS)                                                                 \
    ((ROWS) == 2 ? ROW_LOOP_VEC(KERNEL, WIDTH, 2) : ROW_LOOP_VEC(KERNEL, WIDTH, 1))

/* What a thread takes: the steps first, first + rows_at_once … before end; none where it has no channels. */
struct thread_rows {
    int column, row; /* of the thread in its thread block */
    int channel;     /* the first of its vec<N> */
    int first, end;
};

template <int N> __device__ inline struct thread_rows row_loop_thread(const struct row_loop &loop)
{
    int thread = (int)threadIdx.x, first = (int)blockIdx.y * loop.share;
    struct thread_rows s = {thread % loop.columns, thread / loop.columns, 0, 0, 0};
    s.channel = ((int)blockIdx.x * loop.columns + s.column) * N;
    s.first = first + s.row;
    s.end = first + loop.share < loop.steps ? first + loop.share : loop.steps;
    if (s.row >= loop.rows_at_once || s.channel >= loop.channels) s.end = 0;
    return s;
}

/* Sums v, K values a thread, over the rows of threads of a thread block, column by column; the threads of row
 * 0 get the sums. A tree reduction of a fixed order. `shared` has K elements a thread. */
template <class T, int K>
__device__ inline void reduce_rows(T *v, T *shared, int row, int rows, int column, int columns)
{
    for (int count = rows, half; count > 1; count = half) {
        half = (count + 1) / 2;
        for (int k = 0; k < K && row >= half && row < count; k++)
            shared[k * (int)blockDim.x + row * columns + column] = v[k];
        __syncthreads();
        for (int k = 0; k < K && row < count - half; k++)
            v[k] += shared[k * (int)blockDim.x + (row + half) * columns + column];
        __syncthreads();
    }
}

/* Whether this thread block is the last of `count` to arrive here. If so, it may read what the others wrote
 * to global memory before they arrived. *tickets counts the arrivals by an atomic increment, and is 0 again
 * after the last. */
__device__ static inline bool last_block(unsigned *tickets, unsigned count, unsigned *shared)
{
    __threadfence();
    __syncthreads();
    if (threadIdx.x == 0) *shared = atomicAdd(tickets, 1u) + 1 == count;
    __syncthreads();
    bool last = *shared;
    if (last && threadIdx.x == 0) *tickets = 0;
    __threadfence();
    __syncthreads();
    return last;
}

/* Kernel arguments: c, and what follows it up to the pooling. */
struct block_rows {
    view c; /* no data: c = 0, where the convolution's output is not needed */
    const float *mean, *norm_scale, *norm_shift; /* NULL without norm */
    float slope;
    struct mask mask;
};

static inline struct block_rows block_rows_make(const struct block *block, view c, struct pass pass)
{
    struct block_rows rows = {c, NULL, NULL, NULL, block->shape.slope, mask_make(block->shape.dropout, pass)};
    if (block->shape.norm)
        rows.mean = block->mean, rows.norm_scale = block->norm_scale, rows.norm_shift = block->norm_shift;
    return rows;
}

/* N channels' values from `channel` on; `otherwise` where x is NULL. */
template <int N> __device__ inline vec<N> load_channels_or(const float *x, int channel, float otherwise)
{
    view values = {(void *)x, false};
    vec<N> p;
    if (x) return load_vec<N>(values, (size_t)channel);
    for (int i = 0; i < N; i++) p.v[i] = otherwise;
    return p;
}

/* The index of a channel of a row in a tensor (rows, channels). */
__device__ static inline size_t row_index(const struct row_loop &loop, int row, int channel)
{
    return (size_t)row * loop.channels + channel;
}

/* h = activation(c) of a step's rows. */
template <int N, int R>
__device__ inline void load_h(vec<N> h[R], const struct block_rows &b, const struct row_loop &loop, int step,
                              int channel)
{
    for (int j = 0; j < R; j++) {
        if (b.c.data) h[j] = load_vec<N>(b.c, row_index(loop, step * R + j, channel));
        for (int i = 0; i < N; i++) h[j].v[i] = b.c.data ? activate(h[j].v[i], b.slope) : 0;
    }
}

/* Dropout's factors of a step's rows. */
template <int N, int R>
__device__ inline void load_factors(vec<N> f[R], const struct block_rows &b, const struct row_loop &loop,
                                    int step, int channel)
{
    for (int j = 0; j < R; j++) f[j] = mask_factors<N>(b.mask, row_index(loop, step * R + j, channel));
}

/* The result before pooling: u = ((h - mean) norm_scale + norm_shift) f, with the dropout factors f. */
template <int N, int R>
__device__ inline void block_result(vec<N> u[R], const vec<N> h[R], const vec<N> f[R],
                                    const struct block_rows &b, int channel)
{
    vec<N> mean = load_channels_or<N>(b.mean, channel, 0),
           norm_scale = load_channels_or<N>(b.norm_scale, channel, 1),
           norm_shift = load_channels_or<N>(b.norm_shift, channel, 0);
    for (int j = 0; j < R; j++)
        for (int i = 0; i < N; i++)
            u[j].v[i] = ((h[j].v[i] - mean.v[i]) * norm_scale.v[i] + norm_shift.v[i]) * f[j].v[i];
}

template <int N> __device__ inline vec<N> load_gradient(const struct block_gradients &d, size_t at)
{
    vec<N> g = load_vec<N>(d.dy, at);
    if (!d.dbare.data) return g;
    vec<N> more = load_vec<N>(d.dbare, at);
    for (int i = 0; i < N; i++) g.v[i] += more.v[i];
    return g;
}

/* g: the gradient of n = (h - mean) norm_scale + norm_shift, from that of y. Of two equal values in a pooled
 * pair the first counts as the larger one, as in PyTorch. */
template <int N, int R>
__device__ inline void result_gradient(vec<N> g[R], const vec<N> h[R], const struct block_rows &b,
                                       const struct block_gradients &d, const struct row_loop &loop, int step,
                                       int channel)
{
    vec<N> f[R], u[R], dy = load_gradient<N>(d, row_index(loop, step, channel));
    load_factors<N, R>(f, b, loop, step, channel);
    if (R == 2) block_result<N, R>(u, h, f, b, channel);
    for (int i = 0; i < N; i++) {
        bool first = R == 1 || u[0].v[i] >= u[R - 1].v[i];
        g[0].v[i] = dy.v[i] * (R == 1 ? 1 : first ? 1.5f : 0.5f) * f[0].v[i];
        if (R == 2) g[R - 1].v[i] = dy.v[i] * (first ? 0.5f : 1.5f) * f[R - 1].v[i];
    }
}

#endif
