/* Multi-head self-attention (Vaswani and others 2017) without its projections.
 *
 * One head of one sample is a unit of work, done a tile of queries at a time, so that the tile's scores stay
 * in the cache. Only two numbers a query are kept: the backward pass computes the probabilities again. */
#include <math.h>
#include <omp.h>

#include "kernels/cpu/argmax.h"
#include "kernels/cpu/cpu.h"
#include "kernels/cpu/dropout.h"
#include "kernels/cpu/fast-math.h"

enum { TILE = 128 /* queries */ };

/* The softmax of a query's scores s is exp(s - largest) * inverse. */
struct row {
    real largest, inverse;
};

struct attention {
    int batch, length, width, heads;
    struct dropout dropout;
    struct row *rows; /* (batch, heads, length) */
    int slots;        /* threads that `scratch` is for */
    real *scratch;    /* (slots, 2, TILE, length) */
};

/* One head of one sample: `size` columns of each frame; frames are 3 * width apart in qkv, `width` apart in
 * y. */
struct head {
    const struct attention *of;
    struct pass pass;
    int size; /* columns */
    real scale;
    const real *q, *k, *v;
    size_t in, out;   /* index of its first frame in qkv and in y */
    size_t element;   /* index of its first probability in (batch, heads, queries, keys) */
    struct row *rows; /* (length) */
};

struct attention *cpu_attention_new_or_die(int batch, int length, int width, int heads,
                                           struct dropout dropout)
{
    struct attention *a = cpu_memory_or_die(1, sizeof *a);
    *a = (struct attention){
        .batch = batch, .length = length, .width = width, .heads = heads, .dropout = dropout};
    a->slots = omp_get_max_threads() < batch * heads ? omp_get_max_threads() : batch * heads;
    a->rows = cpu_memory_or_die((size_t)batch * (size_t)heads * (size_t)length, sizeof *a->rows);
    a->scratch = cpu_memory_or_die((size_t)a->slots * 2 * TILE * (size_t)length, sizeof *a->scratch);
    return a;
}

void cpu_attention_free(struct attention *attention)
{
    if (!attention) return;
    cpu_memory_release(attention->rows);
    cpu_memory_release(attention->scratch);
    cpu_memory_release(attention);
}

static struct head head_of(const struct attention *a, int index, struct tensor qkv, struct pass pass)
{
    const int size = a->width / a->heads, column = index % a->heads * size;
    const size_t length = (size_t)a->length, frame = (size_t)(index / a->heads) * length;
    const size_t in = frame * 3 * (size_t)a->width + (size_t)column;
    const real *q = cpu_values(qkv.data) + in;
    return (struct head){.of = a,
                         .pass = pass,
                         .size = size,
                         .scale = (real)(1 / sqrt(size)),
                         .q = q,
                         .k = q + a->width,
                         .v = q + 2 * a->width,
                         .in = in,
                         .out = frame * (size_t)a->width + (size_t)column,
                         .element = (size_t)index * length * length,
                         .rows = a->rows + (size_t)index * length};
}

static int threads_for(const struct attention *a)
{
    return omp_get_max_threads() < a->slots ? omp_get_max_threads() : a->slots;
}

static real *scratch_of(const struct attention *a)
{
    return a->scratch + (size_t)omp_get_thread_num() * 2 * TILE * (size_t)a->length;
}

/* scores (count, length) of the queries from `first` on, scaled */
static void tile_scores(const struct head *h, real *scores, int first, int count)
{
    const int length = h->of->length, stride = 3 * h->of->width;
    const real *q = h->q + (size_t)first * (size_t)stride;
    cpu_gemm(false, true, count, length, h->size, h->scale, q, stride, h->k, stride, 0, scores, length);
}

static void tile_dropout(const struct head *h, real *x, int first, int count)
{
    const size_t length = (size_t)h->of->length, element = h->element + (size_t)first * length;
    cpu_dropout_apply(x, element, (size_t)count * length, h->of->dropout, h->pass);
}

static int tile_count(const struct head *h, int first)
{
    return h->of->length - first < TILE ? h->of->length - first : TILE;
}

/* In place: s becomes exp(s - largest). */
static struct row exponentials(real *s, int length)
{
    const real largest = max_of(s, (size_t)length);
    real sum = 0;
    for (int j = 0; j < length; j++) s[j] = fast_exp(s[j] - largest);
#pragma omp simd reduction(+ : sum)
    for (int j = 0; j < length; j++) sum += s[j];
    return (struct row){largest, 1 / sum};
}

/* y: the head's first frame */
static void head_forward(const struct head *h, real *y, real *scores)
{
    const int length = h->of->length, width = h->of->width, stride = 3 * width;
    for (int first = 0; first < length; first += TILE) {
        const int count = tile_count(h, first);
        tile_scores(h, scores, first, count);
        for (int i = 0; i < count; i++)
            h->rows[first + i] = exponentials(scores + (size_t)i * (size_t)length, length);
        tile_dropout(h, scores, first, count);
        cpu_gemm(false, false, count, h->size, length, 1, scores, length, h->v, stride, 0, y, width);
        for (int i = 0; i < count; i++, y += width)
            for (int c = 0; c < h->size; c++) y[c] *= h->rows[first + i].inverse;
    }
}

void cpu_attention_forward(struct attention *a, struct tensor y, struct tensor qkv, struct pass pass)
{
#pragma omp parallel for schedule(dynamic) num_threads(threads_for(a))
    for (int i = 0; i < a->batch * a->heads; i++) {
        const struct head head = head_of(a, i, qkv, pass);
        head_forward(&head, cpu_values(y.data) + head.out, scratch_of(a));
    }
}

/* In place: scores p become probabilities, and dp, the gradient of the probabilities, becomes that of the
 * scores. Since y is the mean of v weighted by the probabilities, the sum of p dp over the keys is dy . y
 * (Dao and others 2022). y, dy: the tile's first frame */
static void tile_backward(const struct head *h, real *p, real *dp, const real *dy, const real *y,
                          const struct row *rows, int count)
{
    const int length = h->of->length, width = h->of->width;
    for (int i = 0; i < count; i++, y += width, dy += width, p += length, dp += length) {
        const struct row row = rows[i];
        real mean = 0;
#pragma omp simd reduction(+ : mean)
        for (int c = 0; c < h->size; c++) mean += dy[c] * y[c];
        for (int j = 0; j < length; j++) {
            p[j] = fast_exp(p[j] - row.largest) * row.inverse;
            dp[j] = p[j] * (dp[j] - mean);
        }
    }
}

/* dq, dy, y: the head's first frame; p: scratch for two tiles. The dropout mask is drawn twice: for dp, then
 * for p. */
static void head_backward(const struct head *h, real *dq, const real *dy, const real *y, real *p)
{
    const int length = h->of->length, size = h->size, width = h->of->width, stride = 3 * width;
    const real *q = h->q;
    real *dp = p + (size_t)TILE * (size_t)length, *dk = dq + width, *dv = dk + width;
    for (int first = 0; first < length; first += TILE) {
        const int count = tile_count(h, first);
        const real beta = first > 0; /* dk and dv are sums over tiles */
        tile_scores(h, p, first, count);
        cpu_gemm(false, true, count, length, size, 1, dy, width, h->v, stride, 0, dp, length);
        tile_dropout(h, dp, first, count);
        tile_backward(h, p, dp, dy, y, h->rows + first, count);
        tile_dropout(h, p, first, count);
        cpu_gemm(true, false, length, size, count, 1, p, length, dy, width, beta, dv, stride);
        cpu_gemm(true, false, length, size, count, h->scale, dp, length, q, stride, beta, dk, stride);
        cpu_gemm(false, false, count, size, length, h->scale, dp, length, h->k, stride, 0, dq, stride);
        q += TILE * stride, dq += TILE * stride, dy += TILE * width, y += TILE * width;
    }
}

void cpu_attention_backward(struct attention *a, struct tensor dqkv, struct tensor dy, struct tensor y,
                            struct tensor qkv, struct pass pass)
{
#pragma omp parallel for schedule(dynamic) num_threads(threads_for(a))
    for (int i = 0; i < a->batch * a->heads; i++) {
        const struct head head = head_of(a, i, qkv, pass);
        head_backward(&head, cpu_values(dqkv.data) + head.in, cpu_values(dy.data) + head.out,
                      cpu_values(y.data) + head.out, scratch_of(a));
    }
}
