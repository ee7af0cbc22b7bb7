/* Attention's backward pass. The probabilities are made again from the scores; one kernel owns keys and gives
 * the gradients of keys and values, one owns queries and gives theirs, so that each sum is added up by one
 * warp, in order. */
#include "kernels/cuda/matrix/attention.cuh"

enum { ROW_WARPS = 8 };

/* Since y is the probabilities' mean of v, the sum over a row of the probabilities times their gradients is
 * dy . y (Dao and others 2022). A warp takes a row. */
static __global__ void means(view dy, view y, struct heads h, size_t count)
{
    size_t i = (size_t)blockIdx.x * ROW_WARPS + threadIdx.x / WARP;
    int head = (int)(i / (size_t)h.length), lane = (int)threadIdx.x % WARP;
    float sum = 0;
    if (i < count) {
        size_t at = side_of(h, head, y, 1, 0).first + i % (size_t)h.length * h.width;
        for (int c = lane; c < h.size; c += WARP) sum += load(dy, at + c) * load(y, at + c);
    }
    sum = warp_sum(sum);
    if (i < count && lane == 0) h.rows[i].mean = sum;
}

/* The rows of a lane where it owns queries */
__device__ static void load_rows(struct row *rows, const struct heads &h, int head, int first)
{
    for (int half = 0; half < 2; half++) {
        struct row none = {0, 0, 0, 0};
        int query = first + tile_group() + 8 * half;
        rows[half] = query < h.length ? h.rows[(size_t)head * h.length + query] : none;
    }
}

/* Scores p become probabilities (0 where dropped, without dropout's factor), and the gradients dp of the
 * probabilities those of the scores. there: rows of the other side that exist; bits: of the warp's rows */
template <int OTHER, bool KEYS>
__device__ inline void differentiate(struct tile *p, struct tile *dp, const struct row *rows,
                                     const uint32_t *bits, int there, const struct heads &h)
{
#pragma unroll
    for (int i = 0; i < OTHER / 2; i++) {
        int own = tile_group() + i % 4 / 2 * 8, other = i / 4 * 8 + 2 * tile_quad() + i % 2;
        float &score = p[i / 4].v[i % 4], &gradient = dp[i / 4].v[i % 4];
        struct row row = rows[KEYS ? other : i % 4 / 2];
        uint32_t word = KEYS ? bits[other * (OWN / 32)] : bits[own * (OTHER / 32) + other / 32];
        int bit = KEYS ? (int)threadIdx.x / WARP % 2 * 16 + own : other % 32;
        bool stays = word >> bit & 1;
        float scaled = KEYS || other < there ? score * h.scale : -INFINITY;
        float probability = expf(scaled - row.largest) * row.inverse;
        gradient = probability * ((stays ? gradient * h.mask.kept : 0) - row.mean);
        score = stays ? probability : 0;
    }
}

/* Both sides have two factors, for the scores and for the gradients of the probabilities: keys own k and v,
 * queries q and dy. */
template <bool KEYS>
__device__ inline struct task<2> task_of(view dy, view qkv, const struct heads &h, int other) {
    struct task<2> task = task_make<2>(h, other);
    struct side *keys = KEYS ? task.own : task.other, *queries = KEYS ? task.other : task.own;
    keys[0] = side_of(h, task.head, qkv, 3, 1), keys[1] = side_of(h, task.head, qkv, 3, 2);
    queries[0] = side_of(h, task.head, qkv, 3, 0), queries[1] = side_of(h, task.head, dy, 1, 0);
    return task;
}

/* Blocks: x (heads of samples, tiles of own rows), y chunks; three fit in a multiprocessor of Hopper. */
template <enum way W, int D, bool KEYS>
static __global__ void __launch_bounds__(THREADS, 3) backward(view dqkv, view dy, view qkv, struct heads h)
{
    typedef struct sizes<W, D> sizes;
    auto &s = *shared_memory<struct shared<W, D, 2>>();
    int warp = (int)threadIdx.x / WARP;
    struct task<2> task = task_of<KEYS>(dy, qkv, h, sizes::OTHER);
    struct tile first[D / 8] = {}, second[D / 8] = {}, p[sizes::OTHER / 8] = {}, dp[sizes::OTHER / 8] = {};
    struct row rows[2];
    if (!KEYS) load_rows(rows, h, task.head, task.first + warp * 16);
    for (int step = 0; step < task.steps; step++) {
        begin_step<W, D, KEYS>(s, task, h, step);
        const auto &buffer = s.buffers[step % sizes::BUFFERS];
        const auto *own = s.own[h.chunks > 1 ? step % sizes::BUFFERS : 0];
        add_scores<W, D>(p, own[0] + warp * 16 * sizes::STRIDE, buffer.other[0]);
        add_scores<W, D>(dp, own[1] + warp * 16 * sizes::STRIDE, buffer.other[1]);
        if (step % h.chunks < h.chunks - 1) continue;
        differentiate<sizes::OTHER, KEYS>(p, dp, KEYS ? buffer.rows : rows,
                                          buffer.bits + (KEYS ? warp / 2 : warp * 16 * (sizes::OTHER / 32)),
                                          h.length - step / h.chunks * sizes::OTHER, h);
        add_weighted<W, D>(first, dp, buffer.other[0], s.room[warp]);
        if (KEYS) add_weighted<W, D>(second, p, buffer.other[1], s.room[warp]);
#pragma unroll
        for (int i = 0; i < sizes::OTHER / 2; i++) p[i / 4].v[i % 4] = dp[i / 4].v[i % 4] = 0;
    }
    const float scale[2] = {h.scale, h.scale}, kept[2] = {h.mask.kept, h.mask.kept};
    int row = task.first + warp * 16;
    write_rows<D>(side_of(h, task.head, dqkv, 3, KEYS ? 1 : 0), first, scale, row, task.chunk, h);
    if (KEYS) write_rows<D>(side_of(h, task.head, dqkv, 3, 2), second, kept, row, task.chunk, h);
}

template <enum way W, int D> static void run(view dqkv, view dy, view qkv, const struct heads &h, int heads)
{
    size_t bytes = shared<W, D, 2>::bytes(h.chunks);
    dim3 grid((unsigned)(h.tiles * heads), (unsigned)h.chunks);
    launch(backward<W, D, true>, grid, THREADS, bytes, dqkv, dy, qkv, h);
    launch(backward<W, D, false>, grid, THREADS, bytes, dqkv, dy, qkv, h);
}

void cuda_attention_backward(struct attention *a, struct tensor dqkv, struct tensor dy, struct tensor y,
                             struct tensor qkv, struct pass pass)
{
    static void (*const runs[][2])(view, view, view, const struct heads &, int) = {
        {run<WAY_FP32, NARROWEST>, run<WAY_FP32, WIDEST>},
        {run<WAY_TF32, NARROWEST>, run<WAY_TF32, WIDEST>},
        {run<WAY_BF16, NARROWEST>, run<WAY_BF16, WIDEST>},
    };
    struct heads h = heads_make(a, pass);
    size_t rows = (size_t)a->batch * (size_t)a->heads * (size_t)a->length;
    h.wide = heads_wide(h.size, dqkv) && heads_wide(h.size, dy) && heads_wide(h.size, qkv);
    launch(means, blocks_for(rows, ROW_WARPS), ROW_WARPS * WARP, 0, view_of(dy), view_of(y), h, rows);
    cuda_count_operations(10.0 * a->length * a->length * a->width * a->batch);
    runs[attention_way(qkv)][chunk_width(h.size) == WIDEST](view_of(dqkv), view_of(dy), view_of(qkv), h,
                                                            a->batch * a->heads);
}
