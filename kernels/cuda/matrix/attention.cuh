/* What attention's forward and backward kernels share.
 *
 * A block of threads owns OWN rows of one head, 16 a warp: queries or keys. It goes over the rows of the
 * other side, a few at a time, which it brings to shared memory while it computes with those before. Scores
 * and probabilities stay in registers (Dao and others 2022). The columns of a head are taken in chunks of D;
 * with more than one a block adds up its scores over all of them and gives the results of its own, which
 * comes last. */
#ifndef KERNELS_CUDA_MATRIX_ATTENTION_CUH
#define KERNELS_CUDA_MATRIX_ATTENTION_CUH

#include "kernels/cuda/base/random.cuh"
#include "kernels/cuda/matrix/mma.cuh"

enum { WARPS = 4, THREADS = WARPS * WARP, OWN = 16 * WARPS };

/* Of a query: the softmax of its scores s is exp(s - largest) * inverse; mean is the sum of the probabilities
 * times their gradients. */
struct alignas(16) row {
    float largest, inverse, mean, unused;
};

struct attention {
    int batch, length, width, heads;
    struct dropout dropout;
    struct row *rows; /* (batch, heads, length) */
};

/* A kernel's view of attention. */
struct heads {
    int length, width, count, size; /* `count` heads of `size` columns are a width */
    int tiles, chunks;              /* of OWN rows, of columns */
    bool wide;                      /* eight columns at once */
    float scale;
    struct mask mask;
    struct row *rows;
};

/* Of one head in a tensor: column c of row i is value first + i * stride + c. */
struct side {
    view x;
    size_t first;
    int stride;
};

/* qkv has three parts side by side, y one. */
__device__ static inline struct side side_of(const struct heads &h, int head, view x, int parts, int part)
{
    size_t frame = (size_t)(head / h.count) * h.length;
    size_t first = frame * parts * h.width + (size_t)part * h.width + head % h.count * h.size;
    struct side s = {x, first, parts * h.width};
    return s;
}

template <enum way W, int D> struct sizes {
    enum {
        STRIDE = factor_stride<W, D>(),
        OTHER = W == WAY_BF16 ? 64 : 32,     /* rows of the other side at a time */
        BUFFERS = W == WAY_BF16 ? 2 : 1,     /* a second for the copies that go on meanwhile */
        ROOM = W == WAY_FP32 ? SUMS_ROOM : 4 /* floats a warp; 4: none are wanted */
    };
};

template <enum way W, int D, int OWNED> struct shared {
    typedef struct sizes<W, D> sizes;
    typedef factor_value<W> value;
    struct alignas(16) buffer {
        value other[2][sizes::OTHER * sizes::STRIDE];
        struct row rows[sizes::OTHER];
        uint32_t bits[OWN * sizes::OTHER / 32]; /* which probabilities stay: (queries, keys / 32) */
    } buffers[sizes::BUFFERS];
    float room[WARPS][sizes::ROOM];
    value own[sizes::BUFFERS][OWNED][OWN * sizes::STRIDE]; /* only the first where there is one chunk */

    static size_t bytes(int chunks)
    {
        return sizeof(shared) - (chunks > 1 ? 0 : sizeof(own) / sizes::BUFFERS * (sizes::BUFFERS - 1));
    }
};

/* What a block works at */
template <int OWNED> struct task {
    struct side own[OWNED], other[2];
    int head, first; /* its first own row */
    int chunk;       /* of its results */
    int steps;       /* tiles of the other side times chunks */
};

/* A block's, but for its sides; `other` rows of the other side at a time. Blocks: x (heads of samples, tiles
 * of own rows), y chunks */
template <int OWNED> __device__ inline struct task<OWNED> task_make(const struct heads &h, int other) {
    struct task<OWNED> task = {
    };
    task.head = (int)blockIdx.x / h.tiles;
    task.first = (int)blockIdx.x % h.tiles * OWN;
    task.chunk = (int)blockIdx.y;
    task.steps = (h.length + other - 1) / other * h.chunks;
    return task;
}

/* Eight columns, the first `there` of which are in the tensor; the others become 0. */
template <enum way W>
__device__ inline void stage_eight(factor_value<W> *to, view x, size_t i, int there, bool wide)
{
    float v[8] = {0, 0, 0, 0, 0, 0, 0, 0};
    if (!wide) {
#pragma unroll 1
        for (int c = 0; c < 8; c++) put_one<W>(to + c, c < there ? load(x, i + c) : 0);
    } else if (W == WAY_BF16 && x.bf16) {
        copy_sixteen_bytes(to, (const uint16_t *)x.data + (there > 0 ? i : 0), there <= 0);
    } else {
        if (there > 0) load_four(v, x, i), load_four(v + 4, x, i + 4);
        put_eight<W>(to, v);
    }
}

/* One chunk of `count` rows from row `first` on */
template <enum way W, int D>
__device__ inline void stage(factor_value<W> *to, const struct side &from, int first, int count, int chunk,
                             const struct heads &h)
{
    const int eights = D / 8, hop = THREADS / eights;
    int column = (int)threadIdx.x % eights * 8, columns = h.size - chunk * D - column;
    size_t at = from.first + (size_t)first * from.stride + chunk * D + column;
    for (int row = (int)threadIdx.x / eights; row < count; row += hop)
        stage_eight<W>(to + row * sizes<W, D>::STRIDE + column, from.x, at + (size_t)row * from.stride,
                       first + row < h.length ? columns : 0, h.wide);
}

/* A bit for each of the eight elements from 8 block on: set where dropout keeps it. A share of 1, whose limit
 * would not fit, has the factor 0 instead. */
__device__ static inline uint32_t kept_eight(const struct mask &m, size_t block)
{
    uint32_t words[4], bits = 0, limit = m.threshold << 16;
    random_block(m.key, (uint32_t)block, words);
    for (int i = 0; i < 4; i++) {
        bits |= words[i] << 16 >= limit ? 1u << 2 * i : 0;
        bits |= words[i] >= limit ? 2u << 2 * i : 0;
    }
    return bits;
}

/* For each of the 32 elements from i on */
__device__ static inline uint32_t kept_bits(const struct mask &m, size_t i)
{
    const int shift = (int)(i % 8);
    uint32_t bits = 0;
    if (!m.on) return ~(uint32_t)0;
#pragma unroll 1
    for (int block = 0; block < 4; block++) bits |= kept_eight(m, i / 8 + block) << 8 * block;
    return shift ? bits >> shift | kept_eight(m, i / 8 + 4) << (32 - shift) : bits;
}

/* Elements are counted as in (batch, heads, queries, keys). */
__device__ static inline void stage_bits(uint32_t *bits, const struct heads &h, int head, int first_query,
                                         int queries, int first_key, int keys)
{
    for (int i = (int)threadIdx.x; i < queries * (keys / 32); i += THREADS) {
        size_t query = (size_t)head * h.length + first_query + i / (keys / 32);
        bits[i] = kept_bits(h.mask, query * h.length + first_key + i % (keys / 32) * 32);
    }
}

__device__ static inline int chunk_of(const struct heads &h, int mine, int step)
{
    return (mine + 1 + step % h.chunks) % h.chunks;
}

/* KEYS: the block owns keys, the other side are queries, whose rows it wants to know. */
template <enum way W, int D, bool KEYS, int OWNED>
__device__ void stage_step(struct shared<W, D, OWNED> &s, const struct task<OWNED> &t, const struct heads &h,
                           int step)
{
    typedef struct sizes<W, D> sizes;
    int chunk = chunk_of(h, t.chunk, step), first = step / h.chunks * sizes::OTHER;
    auto &buffer = s.buffers[step % sizes::BUFFERS];
    if (step == 0 || h.chunks > 1) {
#pragma unroll
        for (int i = 0; i < OWNED; i++)
            stage<W, D>(s.own[h.chunks > 1 ? step % sizes::BUFFERS : 0][i], t.own[i], t.first, OWN, chunk, h);
    }
#pragma unroll
    for (int i = 0; i < 2; i++) stage<W, D>(buffer.other[i], t.other[i], first, sizes::OTHER, chunk, h);
    if (chunk != t.chunk) return;
    if (!KEYS) {
        stage_bits(buffer.bits, h, t.head, t.first, OWN, first, sizes::OTHER);
        return;
    }
    stage_bits(buffer.bits, h, t.head, first, sizes::OTHER, t.first, OWN);
    for (int i = (int)threadIdx.x; i < sizes::OTHER; i += THREADS) {
        struct row none = {0, 0, 0, 0};
        buffer.rows[i] = first + i < h.length ? h.rows[(size_t)t.head * h.length + first + i] : none;
    }
}

/* Brings what this step needs, and sets out for what the next one does where there are two buffers. */
template <enum way W, int D, bool KEYS, int OWNED>
__device__ void begin_step(struct shared<W, D, OWNED> &s, const struct task<OWNED> &t, const struct heads &h,
                           int step)
{
    const int ahead = sizes<W, D>::BUFFERS - 1;
    __syncthreads();
#pragma unroll 1
    for (int i = step ? step + ahead : 0; i <= step + ahead; i++) {
        if (i < t.steps) stage_step<W, D, KEYS>(s, t, h, i);
        copies_end_group();
    }
    copies_wait<ahead>();
    __syncthreads();
}

/* scores += own (16 rows) times other^T */
template <enum way W, int D>
__device__ inline void add_scores(struct tile *scores, const factor_value<W> *own,
                                  const factor_value<W> *other)
{
    const int stride = sizes<W, D>::STRIDE;
#pragma unroll(W == WAY_FP32 ? 1 : D / 16)
    for (int k = 0; k < D; k += 16) {
        factor<W, false> a = left_factor<W>(own + k, stride);
#pragma unroll
        for (int j = 0; j < sizes<W, D>::OTHER; j += 16)
            multiply(scores + j / 8, a, right_factor<W>(other + j * stride + k, stride));
    }
}

/* sums (16, D) += weights (16, OTHER) times other */
template <enum way W, int D>
__device__ inline void add_weighted(struct tile *sums, const struct tile *weights,
                                    const factor_value<W> *other, float *room)
{
    const int stride = sizes<W, D>::STRIDE;
#pragma unroll
    for (int k = 0; k < sizes<W, D>::OTHER; k += 16) {
        factor<W, true> a = left_factor_of_sums<W>(weights + k / 8, room);
#pragma unroll
        for (int j = 0; j < D; j += 16)
            multiply(sums + j / 8, a, right_factor_for_sums<W>(other + k * stride + j, stride));
    }
}

/* 16 rows of results, from row `first` on; factor[0] is for a lane's row `group`, [1] for `group` + 8. */
template <int D>
__device__ inline void write_rows(const struct side &to, const struct tile *sums, const float *factor,
                                  int first, int chunk, const struct heads &h)
{
#pragma unroll
    for (int i = 0; i < D / 4; i++) {
        int half = i % 2, row = first + tile_group() + 8 * half;
        int column = chunk * D + i / 2 * 8 + 2 * tile_quad();
        size_t at = to.first + (size_t)row * to.stride + column;
        float low = sums[i / 2].v[2 * half] * factor[half], high = sums[i / 2].v[2 * half + 1] * factor[half];
        if (row >= h.length || column >= h.size) continue;
        if (!h.wide) {
            store(to.x, at, low);
            if (column + 1 < h.size) store(to.x, at + 1, high);
        } else if (to.x.bf16) {
            *(uint32_t *)((uint16_t *)to.x.data + at) = bf16_pair(low, high);
        } else {
            *(float2 *)((float *)to.x.data + at) = make_float2(low, high);
        }
    }
}

/* Whether eight columns of heads of `size` lie at multiples of 16 bytes. */
static inline bool heads_wide(int size, struct tensor x)
{
    return size % 8 == 0 && (uintptr_t)x.data % 16 == 0;
}
enum { NARROWEST = 32, WIDEST = 64 }; /* the two D that kernels are made for */
static inline int chunk_width(int size)
{
    return size > NARROWEST ? WIDEST : NARROWEST;
}

struct heads heads_make(const struct attention *a, struct pass pass);
enum way attention_way(struct tensor qkv);

#endif
