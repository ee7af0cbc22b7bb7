/* Multi-head self-attention, backward. The probabilities are computed again from the scores. One launch, in
 * which thread blocks own keys, gives dk and dv; another, in which they own queries, gives dq: so each sum is
 * added by one warp, in order. kernels/cuda/matrix/attention.cuh describes the tiling. */
#include "kernels/cuda/matrix/attention.cuh"

enum { ROW_WARPS = 8 };

/* rows[i].dot = dy . y of query i, by a warp. Since y is the mean of v weighted by the probabilities, dy . y
 * is the sum over the keys of each probability times its gradient (Dao and others 2022). */
static __global__ void row_dots(view dy, view y, struct heads h, size_t count)
{
    size_t i = (size_t)blockIdx.x * ROW_WARPS + threadIdx.x / WARP;
    int head = (int)(i / (size_t)h.length), lane = (int)threadIdx.x % WARP;
    float sum = 0;
    if (i < count) {
        size_t at = head_view_of(h, head, y, 1, 0).first + i % (size_t)h.length * h.width;
        for (int c = lane; c < h.size; c += WARP) sum += load(dy, at + c) * load(y, at + c);
    }
    sum = warp_sum(sum);
    if (i < count && lane == 0) h.rows[i].dot = sum;
}

/* The softmax rows of a lane's two queries. */
__device__ static void load_rows(struct softmax_row *rows, const struct heads &h, int head, int first)
{
    for (int half = 0; half < 2; half++) {
        struct softmax_row none = {0, 0, 0, 0};
        int query = first + lane_group() + 8 * half;
        rows[half] = query < h.length ? h.rows[(size_t)head * h.length + query] : none;
    }
}

/* Scores p become probabilities (0 where dropped, without dropout's factor), and the gradients dp of the
 * probabilities those of the scores. there: rows of the other side that exist; bits: of the warp's rows */
template <int OTHER_ROWS, bool KEYS>
__device__ inline void score_gradients(struct fragment *p, struct fragment *dp,
                                       const struct softmax_row *rows, const uint32_t *bits, int there,
                                       const struct heads &h)
{
#pragma unroll
    for (int i = 0; i < OTHER_ROWS / 2; i++) {
        int own = lane_group() + i % 4 / 2 * 8, other = i / 4 * 8 + 2 * lane_in_group() + i % 2;
        float &score = p[i / 4].v[i % 4], &gradient = dp[i / 4].v[i % 4];
        struct softmax_row row = rows[KEYS ? other : i % 4 / 2];
        uint32_t word = KEYS ? bits[other * (OWN_ROWS / 32)] : bits[own * (OTHER_ROWS / 32) + other / 32];
        int bit = KEYS ? (int)threadIdx.x / WARP % 2 * 16 + own : other % 32;
        bool stays = word >> bit & 1;
        float scaled = KEYS || other < there ? score * h.scale : -INFINITY;
        float probability = expf(scaled - row.largest) * row.inverse;
        gradient = probability * ((stays ? gradient * h.mask.kept : 0) - row.dot);
        score = stays ? probability : 0;
    }
}

/* Both sides have two factors, for the scores and for the gradients of the probabilities: keys own k and v,
 * queries q and dy. */
template <bool KEYS>
__device__ inline struct task<2> task_of(view dy, view qkv, const struct heads &h, int other) {
    struct task<2> task = task_make<2>(h, other);
    struct head_view *keys = KEYS ? task.own : task.other, *queries = KEYS ? task.other : task.own;
    keys[0] = head_view_of(h, task.head, qkv, 3, 1), keys[1] = head_view_of(h, task.head, qkv, 3, 2);
    queries[0] = head_view_of(h, task.head, qkv, 3, 0), queries[1] = head_view_of(h, task.head, dy, 1, 0);
    return task;
}

/* Blocks: x (heads of samples, tiles of own rows), y chunks; three fit in a multiprocessor of Hopper. */
template <enum mma_type M, int D, bool KEYS>
static __global__ void __launch_bounds__(THREADS, 3) backward(view dqkv, view dy, view qkv, struct heads h)
{
    typedef struct tile_sizes<M, D> tile_sizes;
    auto &s = *shared_memory<struct shared_tiles<M, D, 2>>();
    int warp = (int)threadIdx.x / WARP;
    struct task<2> task = task_of<KEYS>(dy, qkv, h, tile_sizes::OTHER_ROWS);
    struct fragment first[D / 8] = {}, second[D / 8] = {}, p[tile_sizes::OTHER_ROWS / 8] = {},
                              dp[tile_sizes::OTHER_ROWS / 8] = {};
    struct softmax_row rows[2];
    if (!KEYS) load_rows(rows, h, task.head, task.first + warp * 16);
    for (int step = 0; step < task.steps; step++) {
        begin_step<M, D, KEYS>(s, task, h, step);
        const auto &buffer = s.buffers[step % tile_sizes::BUFFERS];
        const auto *own = s.own[h.chunks > 1 ? step % tile_sizes::BUFFERS : 0];
        add_scores<M, D>(p, own[0] + warp * 16 * tile_sizes::STRIDE, buffer.other[0]);
        add_scores<M, D>(dp, own[1] + warp * 16 * tile_sizes::STRIDE, buffer.other[1]);
        if (step % h.chunks < h.chunks - 1) continue;
        score_gradients<tile_sizes::OTHER_ROWS, KEYS>(
            p, dp, KEYS ? buffer.rows : rows,
            buffer.bits + (KEYS ? warp / 2 : warp * 16 * (tile_sizes::OTHER_ROWS / 32)),
            h.length - step / h.chunks * tile_sizes::OTHER_ROWS, h);
        add_weighted<M, D>(first, dp, buffer.other[0], s.scratch[warp]);
        if (KEYS) add_weighted<M, D>(second, p, buffer.other[1], s.scratch[warp]);
#pragma unroll
        for (int i = 0; i < tile_sizes::OTHER_ROWS / 2; i++) p[i / 4].v[i % 4] = dp[i / 4].v[i % 4] = 0;
    }
    const float scale[2] = {h.scale, h.scale}, kept[2] = {h.mask.kept, h.mask.kept};
    int row = task.first + warp * 16;
    write_rows<D>(head_view_of(h, task.head, dqkv, 3, KEYS ? 1 : 0), first, scale, row, task.chunk, h);
    if (KEYS) write_rows<D>(head_view_of(h, task.head, dqkv, 3, 2), second, kept, row, task.chunk, h);
}

template <enum mma_type M, int D>
static void run(view dqkv, view dy, view qkv, const struct heads &h, int heads)
{
    size_t bytes = shared_tiles<M, D, 2>::bytes(h.chunks);
    dim3 grid((unsigned)(h.tiles * heads), (unsigned)h.chunks);
    launch(backward<M, D, true>, grid, THREADS, bytes, dqkv, dy, qkv, h);
    launch(backward<M, D, false>, grid, THREADS, bytes, dqkv, dy, qkv, h);
}

void cuda_attention_backward(struct attention *a, struct tensor dqkv, struct tensor dy, struct tensor y,
                             struct tensor qkv, struct pass pass)
{
    static void (*const variants[][2])(view, view, view, const struct heads &, int) = {
        {run<MMA_FP32, CHUNK_SMALL>, run<MMA_FP32, CHUNK_LARGE>},
        {run<MMA_TF32, CHUNK_SMALL>, run<MMA_TF32, CHUNK_LARGE>},
        {run<MMA_BF16, CHUNK_SMALL>, run<MMA_BF16, CHUNK_LARGE>},
    };
    struct heads h = heads_make(a, pass);
    size_t rows = (size_t)a->batch * (size_t)a->heads * (size_t)a->length;
    h.vectorised =
        heads_vectorised(h.size, dqkv) && heads_vectorised(h.size, dy) && heads_vectorised(h.size, qkv);
    launch(row_dots, blocks_for(rows, ROW_WARPS), ROW_WARPS * WARP, 0, view_of(dy), view_of(y), h, rows);
    cuda_count_operations(10.0 * a->length * a->length * a->width * a->batch);
    variants[attention_mma_type(qkv)][chunk_columns(h.size) == CHUNK_LARGE](
        view_of(dqkv), view_of(dy), view_of(qkv), h, a->batch * a->heads);
}
