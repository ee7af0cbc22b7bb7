/* Multi-head self-attention (Vaswani and others 2017) in the manner of FlashAttention (Dao and others 2022):
 * what the forward and the backward kernels share.
 *
 * A thread block owns OWN_ROWS rows of one head of one sample, 16 a warp: queries (forward, and backward for
 * dq) or keys (backward for dk and dv). It goes over tiles of OTHER_ROWS rows of the other side, keys or
 * queries, copying the next tile to shared memory while it computes with the current one. Scores and
 * probabilities stay in registers. A head's columns are taken in chunks of D: the thread block adds its
 * scores over all chunks, and writes the results of one chunk (blockIdx.y), which it takes last. */
#ifndef KERNELS_CUDA_MATRIX_ATTENTION_CUH
#define KERNELS_CUDA_MATRIX_ATTENTION_CUH

#include "kernels/cuda/base/random.cuh"
#include "kernels/cuda/matrix/mma.cuh"

enum { WARPS = 4, THREADS = WARPS * WARP, OWN_ROWS = 16 * WARPS };

/* The softmax of a query's scores s is exp(s - largest) * inverse. dot is dy . y of the query, which is the
 * sum over the keys of each probability times its gradient: the softmax's backward pass needs it. */
struct alignas(16) softmax_row {
    float largest, inverse, dot, unused;
};

struct attention {
    int batch, length, width, heads;
    struct dropout dropout;
    struct softmax_row *rows; /* (batch, heads, length) */
};

/* Kernel arguments: shapes, dropout, softmax. */
struct heads {
    int length, width, count, size; /* width = count heads * size columns */
    int tiles, chunks;              /* of OWN_ROWS rows in a head, of D columns in a row */
    bool vectorised;                /* eight columns a load; else one */
    float scale;
    struct mask mask;
    struct softmax_row *rows;
};

/* One head of one sample in a tensor: column c of row i is value first + i * stride + c. */
struct head_view {
    view x;
    size_t first;
    int stride;
};

/* Head `head` = sample * count + head. A row of qkv has three parts of `width` columns (q, k, v), a row of y
 * one. */
__device__ static inline struct head_view head_view_of(const struct heads &h, int head, view x, int parts,
                                                       int part)
{
    size_t frame = (size_t)(head / h.count) * h.length;
    size_t first = frame * parts * h.width + (size_t)part * h.width + head % h.count * h.size;
    struct head_view s = {x, first, parts * h.width};
    return s;
}

template <enum mma_type M, int D> struct tile_sizes {
    enum {
        STRIDE = operand_stride<M, D>(),
        OTHER_ROWS = M == MMA_BF16 ? 64 : 32,            /* rows of the other side at a time */
        BUFFERS = M == MMA_BF16 ? 2 : 1,                 /* double buffering, with asynchronous copies */
        SCRATCH = M == MMA_FP32 ? ACCUMULATOR_FLOATS : 4 /* floats a warp; 4 stands for none */
    };
};

template <enum mma_type M, int D, int OWNED> struct shared_tiles {
    typedef struct tile_sizes<M, D> tile_sizes;
    typedef operand_value<M> value;
    struct alignas(16) buffer {
        value other[2][tile_sizes::OTHER_ROWS * tile_sizes::STRIDE];
        struct softmax_row rows[tile_sizes::OTHER_ROWS];
        uint32_t bits[OWN_ROWS * tile_sizes::OTHER_ROWS /
                      32]; /* dropout: a bit for each probability that is kept, (queries, keys / 32) */
    } buffers[tile_sizes::BUFFERS];
    float scratch[WARPS][tile_sizes::SCRATCH];
    value own[tile_sizes::BUFFERS][OWNED]
             [OWN_ROWS * tile_sizes::STRIDE]; /* buffer 0 only, where there is one chunk */

    static size_t bytes(int chunks)
    {
        return sizeof(shared_tiles) -
               (chunks > 1 ? 0 : sizeof(own) / tile_sizes::BUFFERS * (tile_sizes::BUFFERS - 1));
    }
};

/* What a thread block computes. */
template <int OWNED> struct task {
    struct head_view own[OWNED], other[2];
    int head, first; /* the first row it owns */
    int chunk;       /* of the results that it writes */
    int steps;       /* tiles of the other side times chunks */
};

/* All of a task but `own` and `other`. other: rows of a tile of the other side. The grid: x (heads of
 * samples, tiles of own rows), y chunks. */
template <int OWNED> __device__ inline struct task<OWNED> task_make(const struct heads &h, int other) {
    struct task<OWNED> task = {
    };
    task.head = (int)blockIdx.x / h.tiles;
    task.first = (int)blockIdx.x % h.tiles * OWN_ROWS;
    task.chunk = (int)blockIdx.y;
    task.steps = (h.length + other - 1) / other * h.chunks;
    return task;
}

/* Copies eight columns to shared memory; only the first `there` are in the tensor, the others become 0. */
template <enum mma_type M>
__device__ inline void stage8(operand_value<M> *to, view x, size_t i, int there, bool vectorised)
{
    float v[8] = {0, 0, 0, 0, 0, 0, 0, 0};
    if (!vectorised) {
#pragma unroll 1
        for (int c = 0; c < 8; c++) store_operand<M>(to + c, c < there ? load(x, i + c) : 0);
    } else if (M == MMA_BF16 && x.bf16) {
        cp_async_16(to, (const uint16_t *)x.data + (there > 0 ? i : 0), there <= 0);
    } else {
        if (there > 0) load_four(v, x, i), load_four(v + 4, x, i + 4);
        store_operand8<M>(to, v);
    }
}

/* Copies one chunk of `count` rows, from row `first` on, to shared memory. */
template <enum mma_type M, int D>
__device__ inline void stage_rows(operand_value<M> *to, const struct head_view &from, int first, int count,
                                  int chunk, const struct heads &h)
{
    const int groups = D / 8, rows_at_once = THREADS / groups;
    int column = (int)threadIdx.x % groups * 8, columns = h.size - chunk * D - column;
    size_t at = from.first + (size_t)first * from.stride + chunk * D + column;
    for (int row = (int)threadIdx.x / groups; row < count; row += rows_at_once)
        stage8<M>(to + row * tile_sizes<M, D>::STRIDE + column, from.x, at + (size_t)row * from.stride,
                  first + row < h.length ? columns : 0, h.vectorised);
}

/* A bit for each of the elements 8 block … 8 block + 7: set where dropout keeps the element. The threshold of
 * a share of 1, 65536, does not fit in `limit`: heads_make() sets the factor of kept elements to 0 instead.
 */
__device__ static inline uint32_t kept_bits8(const struct mask &m, size_t block)
{
    uint32_t words[4], bits = 0, limit = m.threshold << 16;
    random_block(m.key, (uint32_t)block, words);
    for (int i = 0; i < 4; i++) {
        bits |= words[i] << 16 >= limit ? 1u << 2 * i : 0;
        bits |= words[i] >= limit ? 2u << 2 * i : 0;
    }
    return bits;
}

/* The same of the elements i … i + 31. */
__device__ static inline uint32_t kept_bits(const struct mask &m, size_t i)
{
    const int shift = (int)(i % 8);
    uint32_t bits = 0;
    if (!m.on) return ~(uint32_t)0;
#pragma unroll 1
    for (int block = 0; block < 4; block++) bits |= kept_bits8(m, i / 8 + block) << 8 * block;
    return shift ? bits >> shift | kept_bits8(m, i / 8 + 4) << (32 - shift) : bits;
}

/* Dropout bits of a tile, (queries, keys / 32); elements are counted as in (batch, heads, queries, keys). */
__device__ static inline void stage_bits(uint32_t *bits, const struct heads &h, int head, int first_query,
                                         int queries, int first_key, int keys)
{
    for (int i = (int)threadIdx.x; i < queries * (keys / 32); i += THREADS) {
        size_t query = (size_t)head * h.length + first_query + i / (keys / 32);
        bits[i] = kept_bits(h.mask, query * h.length + first_key + i % (keys / 32) * 32);
    }
}

/* The chunk of a step: the thread block's own one is the last of h.chunks. */
__device__ static inline int chunk_of(const struct heads &h, int mine, int step)
{
    return (mine + 1 + step % h.chunks) % h.chunks;
}

/* Copies what a step needs. KEYS: the thread block owns keys, and also needs the queries' softmax rows. */
template <enum mma_type M, int D, bool KEYS, int OWNED>
__device__ void stage_step(struct shared_tiles<M, D, OWNED> &s, const struct task<OWNED> &t,
                           const struct heads &h, int step)
{
    typedef struct tile_sizes<M, D> tile_sizes;
    int chunk = chunk_of(h, t.chunk, step), first = step / h.chunks * tile_sizes::OTHER_ROWS;
    auto &buffer = s.buffers[step % tile_sizes::BUFFERS];
    if (step == 0 || h.chunks > 1) {
#pragma unroll
        for (int i = 0; i < OWNED; i++)
            stage_rows<M, D>(s.own[h.chunks > 1 ? step % tile_sizes::BUFFERS : 0][i], t.own[i], t.first,
                             OWN_ROWS, chunk, h);
    }
#pragma unroll
    for (int i = 0; i < 2; i++)
        stage_rows<M, D>(buffer.other[i], t.other[i], first, tile_sizes::OTHER_ROWS, chunk, h);
    if (chunk != t.chunk) return;
    if (!KEYS) {
        stage_bits(buffer.bits, h, t.head, t.first, OWN_ROWS, first, tile_sizes::OTHER_ROWS);
        return;
    }
    stage_bits(buffer.bits, h, t.head, first, tile_sizes::OTHER_ROWS, t.first, OWN_ROWS);
    for (int i = (int)threadIdx.x; i < tile_sizes::OTHER_ROWS; i += THREADS) {
        struct softmax_row none = {0, 0, 0, 0};
        buffer.rows[i] = first + i < h.length ? h.rows[(size_t)t.head * h.length + first + i] : none;
    }
}

/* Waits for the data of this step; with two buffers also starts the copies for the next one. */
template <enum mma_type M, int D, bool KEYS, int OWNED>
__device__ void begin_step(struct shared_tiles<M, D, OWNED> &s, const struct task<OWNED> &t,
                           const struct heads &h, int step)
{
    const int ahead = tile_sizes<M, D>::BUFFERS - 1;
    __syncthreads();
#pragma unroll 1
    for (int i = step ? step + ahead : 0; i <= step + ahead; i++) {
        if (i < t.steps) stage_step<M, D, KEYS>(s, t, h, i);
        cp_async_commit();
    }
    cp_async_wait<ahead>();
    __syncthreads();
}

/* scores += own (16 rows) times other^T */
template <enum mma_type M, int D>
__device__ inline void add_scores(struct fragment *scores, const operand_value<M> *own,
                                  const operand_value<M> *other)
{
    const int stride = tile_sizes<M, D>::STRIDE;
#pragma unroll(M == MMA_FP32 ? 1 : D / 16)
    for (int k = 0; k < D; k += 16) {
        operand<M, false> a = load_a<M>(own + k, stride);
#pragma unroll
        for (int j = 0; j < tile_sizes<M, D>::OTHER_ROWS; j += 16)
            mma(scores + j / 8, a, load_b<M>(other + j * stride + k, stride));
    }
}

/* sums (16, D) += weights (16, OTHER_ROWS) times other (OTHER_ROWS, D) */
template <enum mma_type M, int D>
__device__ inline void add_weighted(struct fragment *sums, const struct fragment *weights,
                                    const operand_value<M> *other, float *scratch)
{
    const int stride = tile_sizes<M, D>::STRIDE;
#pragma unroll
    for (int k = 0; k < tile_sizes<M, D>::OTHER_ROWS; k += 16) {
        operand<M, true> a = a_from_accumulators<M>(weights + k / 8, scratch);
#pragma unroll
        for (int j = 0; j < D; j += 16)
            mma(sums + j / 8, a, load_b_for_accumulators<M>(other + k * stride + j, stride));
    }
}

/* Writes 16 rows of results, from row `first` on, times a factor for each row: factor[0] for the lane's row
 * lane_group(), factor[1] for the row 8 further. */
template <int D>
__device__ inline void write_rows(const struct head_view &to, const struct fragment *sums,
                                  const float *factor, int first, int chunk, const struct heads &h)
{
#pragma unroll
    for (int i = 0; i < D / 4; i++) {
        int half = i % 2, row = first + lane_group() + 8 * half;
        int column = chunk * D + i / 2 * 8 + 2 * lane_in_group();
        size_t at = to.first + (size_t)row * to.stride + column;
        float low = sums[i / 2].v[2 * half] * factor[half], high = sums[i / 2].v[2 * half + 1] * factor[half];
        if (row >= h.length || column >= h.size) continue;
        if (!h.vectorised) {
            store(to.x, at, low);
            if (column + 1 < h.size) store(to.x, at + 1, high);
        } else if (to.x.bf16) {
            *(uint32_t *)((uint16_t *)to.x.data + at) = bf16_pair(low, high);
        } else {
            *(float2 *)((float *)to.x.data + at) = make_float2(low, high);
        }
    }
}

/* Whether groups of eight columns of heads of `size` columns are aligned to 16 bytes. */
static inline bool heads_vectorised(int size, struct tensor x)
{
    return size % 8 == 0 && (uintptr_t)x.data % 16 == 0;
}
enum { CHUNK_SMALL = 32, CHUNK_LARGE = 64 }; /* values of D that kernels are instantiated for */
static inline int chunk_columns(int size)
{
    return size > CHUNK_SMALL ? CHUNK_LARGE : CHUNK_SMALL;
}

struct heads heads_make(const struct attention *a, struct pass pass);
enum mma_type attention_mma_type(struct tensor qkv);

#endif
