/* Multi-head self-attention, forward: a thread block owns queries and goes over keys and values with a
 * running softmax (Milakov and Gimelshein 2018). kernels/cuda/matrix/attention.cuh describes the tiling. */
#include "kernels/cuda/matrix/attention.cuh"

extern "C" {
#include "common/memory.h"
}

struct attention *cuda_attention_new_or_die(int batch, int length, int width, int heads,
                                            struct dropout dropout)
{
    struct attention *a = (struct attention *)allocate_or_die(1, sizeof *a);
    a->batch = batch, a->length = length, a->width = width, a->heads = heads;
    a->dropout = dropout;
    a->rows = (struct softmax_row *)cuda_memory_or_die((size_t)batch * (size_t)heads * (size_t)length,
                                                       sizeof *a->rows);
    return a;
}

void cuda_attention_free(struct attention *attention)
{
    if (!attention) return;
    cuda_memory_release(attention->rows);
    free(attention);
}

struct heads heads_make(const struct attention *a, struct pass pass)
{
    struct heads h = {};
    h.length = a->length, h.width = a->width, h.count = a->heads, h.size = a->width / a->heads;
    h.tiles = (a->length + OWN_ROWS - 1) / OWN_ROWS;
    h.chunks = (h.size + chunk_columns(h.size) - 1) / chunk_columns(h.size);
    h.scale = (float)(1 / sqrt((double)h.size));
    h.mask = mask_make(a->dropout, pass);
    if (!h.mask.on) h.mask.kept = 1;
    if (a->dropout.share >= 1) h.mask.kept = 0;
    h.rows = a->rows;
    return h;
}

enum mma_type attention_mma_type(struct tensor qkv)
{
    if (cuda_precision == PRECISION_FP32) return MMA_FP32;
    return view_of(qkv).bf16 ? MMA_BF16 : MMA_TF32;
}

/* Over the four lanes that share a row of a fragment. */
__device__ static float quad_max(float value)
{
    value = fmaxf(value, __shfl_xor_sync(WHOLE_WARP, value, 1));
    return fmaxf(value, __shfl_xor_sync(WHOLE_WARP, value, 2));
}
__device__ static float quad_sum(float value)
{
    value += __shfl_xor_sync(WHOLE_WARP, value, 1);
    return value + __shfl_xor_sync(WHOLE_WARP, value, 2);
}

/* The running softmax of a lane's two rows, lane_group() and lane_group() + 8. */
struct running {
    float largest[2], sum[2]; /* sum: of the lane's columns only */
};

/* Scores of OTHER_ROWS keys, of which the first `keys` exist, become exp(scale s - largest); shrink is what
 * earlier ones are to be multiplied by, for a new largest. */
template <int OTHER_ROWS>
__device__ inline void exponentials(struct fragment *s, struct running &rows, float *shrink, int keys,
                                    float scale)
{
#pragma unroll
    for (int half = 0; half < 2; half++) {
        float most = rows.largest[half], sum = 0;
#pragma unroll
        for (int i = 0; i < OTHER_ROWS / 4; i++) {
            float &v = s[i / 2].v[2 * half + i % 2];
            v = i / 2 * 8 + 2 * lane_in_group() + i % 2 < keys ? v * scale : -INFINITY;
            most = fmaxf(most, v);
        }
        most = quad_max(most);
#pragma unroll
        for (int i = 0; i < OTHER_ROWS / 4; i++) {
            float &v = s[i / 2].v[2 * half + i % 2];
            v = expf(v - most);
            sum += v;
        }
        shrink[half] = expf(rows.largest[half] - most);
        rows.sum[half] = rows.sum[half] * shrink[half] + sum;
        rows.largest[half] = most;
    }
}

/* 0 where dropout does not keep a weight. bits: of the warp's first row */
template <int OTHER_ROWS> __device__ inline void apply_dropout(struct fragment *weights, const uint32_t *bits)
{
#pragma unroll
    for (int i = 0; i < OTHER_ROWS / 2; i++) {
        int row = lane_group() + i % 4 / 2 * 8, bit = i / 4 % 4 * 8 + 2 * lane_in_group() + i % 2;
        if (!(bits[row * (OTHER_ROWS / 32) + i / 16] >> bit & 1)) weights[i / 4].v[i % 4] = 0;
    }
}

/* y and what the backward pass needs to know of the rows */
template <int D>
__device__ inline void write_queries(view y, const struct fragment *sums, struct running rows, int head,
                                     int first, const struct heads &h)
{
    float factor[2];
    for (int half = 0; half < 2; half++) {
        int query = first + lane_group() + 8 * half;
        float inverse = 1 / quad_sum(rows.sum[half]);
        factor[half] = inverse * h.mask.kept;
        struct softmax_row row = {rows.largest[half], inverse, 0, 0};
        if (blockIdx.y == 0 && lane_in_group() == 0 && query < h.length)
            h.rows[(size_t)head * h.length + query] = row;
    }
    write_rows<D>(head_view_of(h, head, y, 1, 0), sums, factor, first, (int)blockIdx.y, h);
}

/* Blocks: x (heads of samples, tiles of queries), y chunks; four fit in a multiprocessor of Hopper. */
template <enum mma_type M, int D>
static __global__ void __launch_bounds__(THREADS, 4) forward(view y, view qkv, struct heads h)
{
    typedef struct tile_sizes<M, D> tile_sizes;
    auto &s = *shared_memory<struct shared_tiles<M, D, 1>>();
    int warp = (int)threadIdx.x / WARP;
    struct task<1> task = task_make<1>(h, tile_sizes::OTHER_ROWS);
    task.own[0] = head_view_of(h, task.head, qkv, 3, 0);
    for (int i = 0; i < 2; i++) task.other[i] = head_view_of(h, task.head, qkv, 3, 1 + i);
    struct fragment sums[D / 8] = {}, scores[tile_sizes::OTHER_ROWS / 8] = {};
    struct running rows = {{-INFINITY, -INFINITY}, {0, 0}};
    for (int step = 0; step < task.steps; step++) {
        begin_step<M, D, false>(s, task, h, step);
        const auto &buffer = s.buffers[step % tile_sizes::BUFFERS];
        const auto *own = s.own[h.chunks > 1 ? step % tile_sizes::BUFFERS : 0][0];
        add_scores<M, D>(scores, own + warp * 16 * tile_sizes::STRIDE, buffer.other[0]);
        if (step % h.chunks < h.chunks - 1) continue;
        float shrink[2];
        exponentials<tile_sizes::OTHER_ROWS>(scores, rows, shrink,
                                             h.length - step / h.chunks * tile_sizes::OTHER_ROWS, h.scale);
        if (h.mask.on)
            apply_dropout<tile_sizes::OTHER_ROWS>(scores,
                                                  buffer.bits + warp * 16 * (tile_sizes::OTHER_ROWS / 32));
#pragma unroll
        for (int i = 0; i < D / 2; i++) sums[i / 4].v[i % 4] *= shrink[i % 4 / 2];
        add_weighted<M, D>(sums, scores, buffer.other[1], s.scratch[warp]);
#pragma unroll
        for (int i = 0; i < tile_sizes::OTHER_ROWS / 2; i++) scores[i / 4].v[i % 4] = 0;
    }
    write_queries<D>(y, sums, rows, task.head, task.first + warp * 16, h);
}

template <enum mma_type M, int D> static void run(view y, view qkv, const struct heads &h, int heads)
{
    size_t bytes = shared_tiles<M, D, 1>::bytes(h.chunks);
    launch(forward<M, D>, dim3((unsigned)(h.tiles * heads), (unsigned)h.chunks), THREADS, bytes, y, qkv, h);
}

void cuda_attention_forward(struct attention *a, struct tensor y, struct tensor qkv, struct pass pass)
{
    static void (*const variants[][2])(view, view, const struct heads &, int) = {
        {run<MMA_FP32, CHUNK_SMALL>, run<MMA_FP32, CHUNK_LARGE>},
        {run<MMA_TF32, CHUNK_SMALL>, run<MMA_TF32, CHUNK_LARGE>},
        {run<MMA_BF16, CHUNK_SMALL>, run<MMA_BF16, CHUNK_LARGE>},
    };
    struct heads h = heads_make(a, pass);
    h.vectorised = heads_vectorised(h.size, y) && heads_vectorised(h.size, qkv);
    cuda_count_operations(4.0 * a->length * a->length * a->width * a->batch);
    variants[attention_mma_type(qkv)][chunk_columns(h.size) == CHUNK_LARGE](view_of(y), view_of(qkv), h,
                                                                            a->batch * a->heads);
}
