/* Multi-head self-attention (Vaswani and others 2017) without its projections: the forward pass. A block of
 * threads owns queries and goes over keys and values with a running softmax (Milakov and Gimelshein 2018). */
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
    a->rows =
        (struct row *)cuda_memory_or_die((size_t)batch * (size_t)heads * (size_t)length, sizeof *a->rows);
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
    h.tiles = (a->length + OWN - 1) / OWN;
    h.chunks = (h.size + chunk_width(h.size) - 1) / chunk_width(h.size);
    h.scale = (float)(1 / sqrt((double)h.size));
    h.mask = mask_make(a->dropout, pass);
    if (!h.mask.on) h.mask.kept = 1;
    if (a->dropout.share >= 1) h.mask.kept = 0;
    h.rows = a->rows;
    return h;
}

enum way attention_way(struct tensor qkv)
{
    if (cuda_precision == PRECISION_FP32) return WAY_FP32;
    return view_of(qkv).bf16 ? WAY_BF16 : WAY_TF32;
}

/* Over the four lanes that share a row */
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

/* Of the rows of a lane, `group` and `group` + 8 */
struct running {
    float largest[2], sum[2]; /* the sum of the lane's columns only */
};

/* Scores of OTHER keys, of which the first `keys` exist, become exp(scale s - largest); shrink is what
 * earlier ones are to be multiplied by, for a new largest. */
template <int OTHER>
__device__ inline void exponentials(struct tile *s, struct running &rows, float *shrink, int keys,
                                    float scale)
{
#pragma unroll
    for (int half = 0; half < 2; half++) {
        float most = rows.largest[half], sum = 0;
#pragma unroll
        for (int i = 0; i < OTHER / 4; i++) {
            float &v = s[i / 2].v[2 * half + i % 2];
            v = i / 2 * 8 + 2 * tile_quad() + i % 2 < keys ? v * scale : -INFINITY;
            most = fmaxf(most, v);
        }
        most = quad_max(most);
#pragma unroll
        for (int i = 0; i < OTHER / 4; i++) {
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
template <int OTHER> __device__ inline void drop(struct tile *weights, const uint32_t *bits)
{
#pragma unroll
    for (int i = 0; i < OTHER / 2; i++) {
        int row = tile_group() + i % 4 / 2 * 8, bit = i / 4 % 4 * 8 + 2 * tile_quad() + i % 2;
        if (!(bits[row * (OTHER / 32) + i / 16] >> bit & 1)) weights[i / 4].v[i % 4] = 0;
    }
}

/* y and what the backward pass needs to know of the rows */
template <int D>
__device__ inline void write_queries(view y, const struct tile *sums, struct running rows, int head,
                                     int first, const struct heads &h)
{
    float factor[2];
    for (int half = 0; half < 2; half++) {
        int query = first + tile_group() + 8 * half;
        float inverse = 1 / quad_sum(rows.sum[half]);
        factor[half] = inverse * h.mask.kept;
        struct row row = {rows.largest[half], inverse, 0, 0};
        if (blockIdx.y == 0 && tile_quad() == 0 && query < h.length)
            h.rows[(size_t)head * h.length + query] = row;
    }
    write_rows<D>(side_of(h, head, y, 1, 0), sums, factor, first, (int)blockIdx.y, h);
}

/* Blocks: x (heads of samples, tiles of queries), y chunks; four fit in a multiprocessor of Hopper. */
template <enum way W, int D>
static __global__ void __launch_bounds__(THREADS, 4) forward(view y, view qkv, struct heads h)
{
    typedef struct sizes<W, D> sizes;
    auto &s = *shared_memory<struct shared<W, D, 1>>();
    int warp = (int)threadIdx.x / WARP;
    struct task<1> task = task_make<1>(h, sizes::OTHER);
    task.own[0] = side_of(h, task.head, qkv, 3, 0);
    for (int i = 0; i < 2; i++) task.other[i] = side_of(h, task.head, qkv, 3, 1 + i);
    struct tile sums[D / 8] = {}, scores[sizes::OTHER / 8] = {};
    struct running rows = {{-INFINITY, -INFINITY}, {0, 0}};
    for (int step = 0; step < task.steps; step++) {
        begin_step<W, D, false>(s, task, h, step);
        const auto &buffer = s.buffers[step % sizes::BUFFERS];
        const auto *own = s.own[h.chunks > 1 ? step % sizes::BUFFERS : 0][0];
        add_scores<W, D>(scores, own + warp * 16 * sizes::STRIDE, buffer.other[0]);
        if (step % h.chunks < h.chunks - 1) continue;
        float shrink[2];
        exponentials<sizes::OTHER>(scores, rows, shrink, h.length - step / h.chunks * sizes::OTHER, h.scale);
        if (h.mask.on) drop<sizes::OTHER>(scores, buffer.bits + warp * 16 * (sizes::OTHER / 32));
#pragma unroll
        for (int i = 0; i < D / 2; i++) sums[i / 4].v[i % 4] *= shrink[i % 4 / 2];
        add_weighted<W, D>(sums, scores, buffer.other[1], s.room[warp]);
#pragma unroll
        for (int i = 0; i < sizes::OTHER / 2; i++) scores[i / 4].v[i % 4] = 0;
    }
    write_queries<D>(y, sums, rows, task.head, task.first + warp * 16, h);
}

template <enum way W, int D> static void run(view y, view qkv, const struct heads &h, int heads)
{
    size_t bytes = shared<W, D, 1>::bytes(h.chunks);
    launch(forward<W, D>, dim3((unsigned)(h.tiles * heads), (unsigned)h.chunks), THREADS, bytes, y, qkv, h);
}

void cuda_attention_forward(struct attention *a, struct tensor y, struct tensor qkv, struct pass pass)
{
    static void (*const runs[][2])(view, view, const struct heads &, int) = {
        {run<WAY_FP32, NARROWEST>, run<WAY_FP32, WIDEST>},
        {run<WAY_TF32, NARROWEST>, run<WAY_TF32, WIDEST>},
        {run<WAY_BF16, NARROWEST>, run<WAY_BF16, WIDEST>},
    };
    struct heads h = heads_make(a, pass);
    h.wide = heads_wide(h.size, y) && heads_wide(h.size, qkv);
    cuda_count_operations(4.0 * a->length * a->length * a->width * a->batch);
    runs[attention_way(qkv)][chunk_width(h.size) == WIDEST](view_of(y), view_of(qkv), h, a->batch * a->heads);
}
