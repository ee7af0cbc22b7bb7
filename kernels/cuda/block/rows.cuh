/* The element-wise kernels of a block: how they walk over rows and channels, and what they all make of c.
 *
 * A block of threads takes a tile of channels and a part of the rows. Its threads stand in `lanes` columns, a
 * vec of channels each, and go down the rows in steps of R: a pool's two, or one. */
#ifndef KERNELS_CUDA_BLOCK_ROWS_CUH
#define KERNELS_CUDA_BLOCK_ROWS_CUH

#include "kernels/cuda/base/random.cuh"
#include "kernels/cuda/base/sums.cuh"
#include "kernels/cuda/base/vectors.cuh"
#include "kernels/cuda/block/state.cuh"

enum { ROWS_THREADS = 256 };

struct walk {
    int steps, channels;
    int lanes, at_once; /* vecs side by side, steps at a time, of a block of threads */
    int tiles, parts;   /* blocks of threads along the channels, along the steps */
    int share;          /* steps of a part */
};

/* At most so many blocks of threads where there are not more tiles: of those that sum, which an H200's 132
 * multiprocessors take 3 of, as many as run at once. */
enum { WALK_SUMMING = 396, WALK_WRITING = 2112 };

static inline struct walk walk_make(int steps, int channels, int vec, int most)
{
    int vecs = channels / vec, lanes = vec > 1 ? 8 : WARP;
    struct walk w = {};
    w.steps = steps, w.channels = channels;
    w.tiles = (vecs + lanes - 1) / lanes;
    w.lanes = (vecs + w.tiles - 1) / w.tiles;
    w.at_once = ROWS_THREADS / w.lanes;
    int rounds = (steps + w.at_once - 1) / w.at_once, parts = most > w.tiles ? most / w.tiles : 1;
    int each = (rounds + parts - 1) / parts;
    w.share = each * w.at_once;
    w.parts = (rounds + each - 1) / each;
    return w;
}

static inline dim3 walk_grid(const struct walk &w)
{
    return dim3((unsigned)w.tiles, (unsigned)w.parts);
}

/* The width of vecs: 16 bytes of c where the other views allow it. */
template <class... Views> static inline int walk_pack(int channels, view c, Views... others)
{
    int size = vec_size((size_t)channels, c, others...);
    return size == 8 && !c.bf16 ? 4 : size;
}

/* Rows of a step. */
static inline int block_step(const struct block *block)
{
    return block->shape.pool_pairs ? 2 : 1;
}

/* One of the kernels that KERNEL<vec, R> stands for. */
#define WALK_PACK(KERNEL, PACK, R) ((PACK) == 8 ? KERNEL<8, R> : (PACK) == 4 ? KERNEL<4, R> : KERNEL<1, R>)
#define WALK_KERNEL(KERNEL, PACK, ROWS)                                                                      \
    ((ROWS) == 2 ? WALK_PACK(KERNEL, PACK, 2) : WALK_PACK(KERNEL, PACK, 1))

/* A thread's share: steps first, first + at_once … before end; none where it has no channels. */
struct stride {
    int lane, row; /* of the thread in its block */
    int channel;   /* the first of its vec */
    int first, end;
};

template <int N> __device__ inline struct stride walk_stride(const struct walk &w)
{
    int thread = (int)threadIdx.x, first = (int)blockIdx.y * w.share;
    struct stride s = {thread % w.lanes, thread / w.lanes, 0, 0, 0};
    s.channel = ((int)blockIdx.x * w.lanes + s.lane) * N;
    s.first = first + s.row;
    s.end = first + w.share < w.steps ? first + w.share : w.steps;
    if (s.row >= w.at_once || s.channel >= w.channels) s.end = 0;
    return s;
}

/* The columns of v, K values a thread, summed over the rows of threads; row 0 has the sums. `shared` has K
 * places for each thread of the block. A tree of a fixed shape. */
template <class T, int K>
__device__ inline void fold(T *v, T *shared, int row, int rows, int column, int columns)
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

/* Whether this block of threads is the last of `count` that take a ticket: what the others wrote to global
 * memory before it can be read. The tickets are at 0 again. */
__device__ static inline bool last_of(unsigned *tickets, unsigned count, unsigned *shared)
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

/* What makes the result before the pool of c. */
struct block_rows {
    view c;                           /* no data: zeros */
    const float *mean, *gain, *shift; /* NULL without norm */
    float slope;
    struct mask mask;
};

static inline struct block_rows block_rows_make(const struct block *block, view c, struct pass pass)
{
    struct block_rows rows = {c, NULL, NULL, NULL, block->shape.slope, mask_make(block->shape.dropout, pass)};
    if (block->shape.norm) rows.mean = block->mean, rows.gain = block->gain, rows.shift = block->shift;
    return rows;
}

/* A vec of values of the channels, `otherwise` where there are none. */
template <int N> __device__ inline vec<N> load_constants(const float *x, int channel, float otherwise)
{
    view values = {(void *)x, false};
    vec<N> p;
    if (x) return load_vec<N>(values, (size_t)channel);
    for (int i = 0; i < N; i++) p.v[i] = otherwise;
    return p;
}

__device__ static inline size_t row_index(const struct walk &w, int row, int channel)
{
    return (size_t)row * w.channels + channel;
}

/* h of a step's rows. */
template <int N, int R>
__device__ inline void load_h(vec<N> h[R], const struct block_rows &b, const struct walk &w, int step,
                              int channel)
{
    for (int j = 0; j < R; j++) {
        if (b.c.data) h[j] = load_vec<N>(b.c, row_index(w, step * R + j, channel));
        for (int i = 0; i < N; i++) h[j].v[i] = b.c.data ? activate(h[j].v[i], b.slope) : 0;
    }
}

/* Dropout's factors of a step's rows. */
template <int N, int R>
__device__ inline void load_factors(vec<N> f[R], const struct block_rows &b, const struct walk &w, int step,
                                    int channel)
{
    for (int j = 0; j < R; j++) f[j] = mask_factors<N>(b.mask, row_index(w, step * R + j, channel));
}

/* The result before the pool: u = ((h - mean) gain + shift) factors. */
template <int N, int R>
__device__ inline void block_result(vec<N> u[R], const vec<N> h[R], const vec<N> f[R],
                                    const struct block_rows &b, int channel)
{
    vec<N> mean = load_constants<N>(b.mean, channel, 0), gain = load_constants<N>(b.gain, channel, 1),
           shift = load_constants<N>(b.shift, channel, 0);
    for (int j = 0; j < R; j++)
        for (int i = 0; i < N; i++)
            u[j].v[i] = ((h[j].v[i] - mean.v[i]) * gain.v[i] + shift.v[i]) * f[j].v[i];
}

template <int N> __device__ inline vec<N> load_gradient(const struct block_gradients &d, size_t at)
{
    vec<N> g = load_vec<N>(d.dy, at);
    if (!d.dbare.data) return g;
    vec<N> more = load_vec<N>(d.dbare, at);
    for (int i = 0; i < N; i++) g.v[i] += more.v[i];
    return g;
}

/* g, the gradient by (h - mean) gain + shift. Of equal ones in a pool the first is the largest, as in
 * PyTorch. */
template <int N, int R>
__device__ inline void result_gradient(vec<N> g[R], const vec<N> h[R], const struct block_rows &b,
                                       const struct block_gradients &d, const struct walk &w, int step,
                                       int channel)
{
    vec<N> f[R], u[R], dy = load_gradient<N>(d, row_index(w, step, channel));
    load_factors<N, R>(f, b, w, step, channel);
    if (R == 2) block_result<N, R>(u, h, f, b, channel);
    for (int i = 0; i < N; i++) {
        bool first = R == 1 || u[0].v[i] >= u[R - 1].v[i];
        g[0].v[i] = dy.v[i] * (R == 1 ? 1 : first ? 1.5f : 0.5f) * f[0].v[i];
        if (R == 2) g[R - 1].v[i] = dy.v[i] * (first ? 0.5f : 1.5f) * f[R - 1].v[i];
    }
}

#endif
