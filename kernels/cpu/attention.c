/* Multi-head self-attention (Vaswani and others 2017) without its projections.
 *
 * Each head of each sample is one piece of work, a tile of queries at a time, so that a tile's scores stay in
 * the cache. Only two numbers a row are kept: the backward pass makes the probabilities again. */
#include "kernels/cpu/cpu.h"
#include "kernels/cpu/dropout.h"
#include "kernels/cpu/fast-math.h"
#include "kernels/cpu/largest.h"
#include <math.h>
#include <omp.h>

enum { TILE = 128 /* queries */ };

/* The softmax of a row of scores s is exp(s - largest) * inverse. */
struct row {
    real largest, inverse;
};

struct attention {
    int batch, length, width, heads;
    struct dropout dropout;
    struct row *rows; /* (batch, heads, length) */
    int slots;        /* threads there is room for */
    real *room;       /* (slots, 2, TILE, length) */
};

/* One head of one sample. Pointers are to its first frame: frames are `stride` apart in q, k, v, dq, dk, dv
 * and `width` apart in y and dy. */
struct head {
    int length, size, stride, width;
    real scale;
    const real *q, *k, *v, *dy;
    real *y, *dq, *dk, *dv;
    struct row *rows;
    struct dropout dropout;
    struct pass pass;
    size_t element; /* flat index of its first probability in (batch, heads, length, length) */
};

struct attention *cpu_attention_new_or_die(int batch, int length, int width, int heads,
                                           struct dropout dropout)
{
    struct attention *a = cpu_allocate_or_die(1, sizeof *a);
    *a = (struct attention){
        .batch = batch, .length = length, .width = width, .heads = heads, .dropout = dropout};
    a->slots = omp_get_max_threads() < batch * heads ? omp_get_max_threads() : batch * heads;
    a->rows = cpu_allocate_or_die((size_t)batch * (size_t)heads * (size_t)length, sizeof *a->rows);
    a->room = cpu_allocate_or_die((size_t)a->slots * 2 * TILE * (size_t)length, sizeof *a->room);
    return a;
}

void cpu_attention_free(struct attention *attention)
{
    if (!attention) return;
    cpu_release(attention->rows);
    cpu_release(attention->room);
    cpu_release(attention);
}

/* Tensors that are not there have NULL data. */
static struct head head_of(const struct attention *a, int index, struct tensor y, struct tensor dy,
                           struct tensor qkv, struct tensor dqkv, struct pass pass)
{
    const size_t sample = (size_t)(index / a->heads) * (size_t)a->length, length = (size_t)a->length;
    const int size = a->width / a->heads, stride = 3 * a->width, first = index % a->heads * size;
    const size_t in = sample * (size_t)stride + (size_t)first,
                 out = sample * (size_t)a->width + (size_t)first;
    struct head head = {.length = a->length,
                        .size = size,
                        .stride = stride,
                        .width = a->width,
                        .dropout = a->dropout,
                        .pass = pass};
    head.scale = (real)(1 / sqrt(size));
    head.q = cpu_values(qkv.data) + in, head.k = head.q + a->width, head.v = head.k + a->width;
    head.y = cpu_values(y.data) + out;
    if (dy.data) head.dy = cpu_values(dy.data) + out;
    if (dqkv.data)
        head.dq = cpu_values(dqkv.data) + in, head.dk = head.dq + a->width, head.dv = head.dk + a->width;
    head.rows = a->rows + (size_t)index * length;
    head.element = (size_t)index * length * length;
    return head;
}

static int threads_for(const struct attention *a)
{
    return omp_get_max_threads() < a->slots ? omp_get_max_threads() : a->slots;
}

static real *room_of(const struct attention *a)
{
    return a->room + (size_t)omp_get_thread_num() * 2 * TILE * (size_t)a->length;
}

/* scores (count, length) of the queries from `first` on */
static void tile_scores(const struct head *h, real *scores, int first, int count)
{
    cpu_gemm(false, true, count, h->length, h->size, h->scale, h->q + (size_t)first * (size_t)h->stride,
             h->stride, h->k, h->stride, 0, scores, h->length);
}

static void tile_dropout(const struct head *h, real *x, int first, int count)
{
    const size_t length = (size_t)h->length;
    cpu_dropout_apply(x, h->element + (size_t)first * length, (size_t)count * length, h->dropout, h->pass);
}

/* s becomes exp(s - largest). */
static struct row exponentials(real *s, int length)
{
    const real largest = largest_of(s, (size_t)length);
    real sum = 0;
    for (int j = 0; j < length; j++) s[j] = fast_exp(s[j] - largest);
#pragma omp simd reduction(+ : sum)
    for (int j = 0; j < length; j++) sum += s[j];
    return (struct row){largest, 1 / sum};
}

static void head_forward(const struct head *h, real *scores)
{
    for (int first = 0; first < h->length; first += TILE) {
        const int count = h->length - first < TILE ? h->length - first : TILE;
        real *y = h->y + (size_t)first * (size_t)h->width;
        tile_scores(h, scores, first, count);
        for (int i = 0; i < count; i++)
            h->rows[first + i] = exponentials(scores + (size_t)i * (size_t)h->length, h->length);
        tile_dropout(h, scores, first, count);
        cpu_gemm(false, false, count, h->size, h->length, 1, scores, h->length, h->v, h->stride, 0, y,
                 h->width);
        for (int i = 0; i < count; i++, y += h->width)
            for (int c = 0; c < h->size; c++) y[c] *= h->rows[first + i].inverse;
    }
}

void cpu_attention_forward(struct attention *a, struct tensor y, struct tensor qkv, struct pass pass)
{
    const struct tensor none = {0};
#pragma omp parallel for schedule(dynamic) num_threads(threads_for(a))
    for (int i = 0; i < a->batch * a->heads; i++) {
        const struct head head = head_of(a, i, y, none, qkv, none, pass);
        head_forward(&head, room_of(a));
    }
}

/* The gradient by the scores, in place of the gradient dp by the dropped probabilities. Since y is the
 * probabilities' mean of v, the sum over a row of p dp is dy . y (Dao and others 2022). */
static void tile_backward(const struct head *h, real *p, real *dp, int first, int count)
{
    for (int i = 0; i < count; i++) {
        const real *y = h->y + (size_t)(first + i) * (size_t)h->width;
        const real *dy = h->dy + (size_t)(first + i) * (size_t)h->width;
        real *prow = p + (size_t)i * (size_t)h->length, *drow = dp + (size_t)i * (size_t)h->length, mean = 0;
        const struct row row = h->rows[first + i];
#pragma omp simd reduction(+ : mean)
        for (int c = 0; c < h->size; c++) mean += dy[c] * y[c];
        for (int j = 0; j < h->length; j++) {
            prow[j] = fast_exp(prow[j] - row.largest) * row.inverse;
            drow[j] = prow[j] * (drow[j] - mean);
        }
    }
}

static void head_backward(const struct head *h, real *p)
{
    const int length = h->length, size = h->size, stride = h->stride;
    real *dp = p + (size_t)TILE * (size_t)length;
    for (int first = 0; first < length; first += TILE) {
        const int count = length - first < TILE ? length - first : TILE;
        const size_t at = (size_t)first * (size_t)stride;
        const real *dy = h->dy + (size_t)first * (size_t)h->width, add = first > 0;
        tile_scores(h, p, first, count);
        cpu_gemm(false, true, count, length, size, 1, dy, h->width, h->v, stride, 0, dp, length);
        tile_dropout(h, dp, first, count);
        tile_backward(h, p, dp, first, count);
        tile_dropout(h, p, first, count);
        cpu_gemm(true, false, length, size, count, 1, p, length, dy, h->width, add, h->dv, stride);
        cpu_gemm(false, false, count, size, length, h->scale, dp, length, h->k, stride, 0, h->dq + at,
                 stride);
        cpu_gemm(true, false, length, size, count, h->scale, dp, length, h->q + at, stride, add, h->dk,
                 stride);
    }
}

void cpu_attention_backward(struct attention *a, struct tensor dqkv, struct tensor dy, struct tensor y,
                            struct tensor qkv, struct pass pass)
{
#pragma omp parallel for schedule(dynamic) num_threads(threads_for(a))
    for (int i = 0; i < a->batch * a->heads; i++) {
        const struct head head = head_of(a, i, y, dy, qkv, dqkv, pass);
        head_backward(&head, room_of(a));
    }
}
