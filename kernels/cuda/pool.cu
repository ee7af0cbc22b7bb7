/* Adaptive average pooling, and the means of pairs of neighbours. */
#include "kernels/cuda/base/vectors.cuh"

enum { THREADS = 256 };

/* Division by a constant of the launch: n / by = n magic >> shift for n < 2^31 (Granlund and Montgomery,
 * "Division by invariant integers using multiplication", 1994); magic 0: n may be larger, and is divided by.
 */
struct divisor {
    uint32_t by, magic;
    int shift;
};

static struct divisor divisor_make(int by, uint64_t largest)
{
    struct divisor d = {(uint32_t)by, 0, 31};
    while ((uint64_t)1 << (d.shift - 31) < d.by) d.shift++;
    if (largest >> 31 == 0) d.magic = (uint32_t)((((uint64_t)1 << d.shift) + d.by - 1) / d.by);
    return d;
}

__device__ static inline int divide(struct divisor d, uint64_t n)
{
    return (int)(d.magic ? n * d.magic >> d.shift : n / d.by);
}

/* The bins of adaptive average pooling, as PyTorch's: output i of `out` is the mean of the inputs floor(i in
 * / out) … ceil((i + 1) in / out) - 1. The outputs whose bins hold an input follow the same rule, with the
 * lengths exchanged. */
struct bins {
    struct divisor in, out;
};
struct span {
    int first, end;
};

static struct bins bins_make(int in, int out)
{
    uint64_t largest = ((uint64_t)in + 1) * ((uint64_t)out + 1);
    struct bins bins = {divisor_make(in, largest), divisor_make(out, largest)};
    return bins;
}

__device__ static inline struct span span_of(int i, struct divisor in, struct divisor out)
{
    uint64_t start = (uint64_t)i * in.by;
    struct span s = {divide(out, start), divide(out, start + in.by + out.by - 1)};
    return s;
}

template <int N> static __global__ void pool(view y, view x, struct bins bins, size_t rows, int channels)
{
    size_t t = thread_number(), vecs = (size_t)channels / N, row = t / vecs, batch = row / bins.out.by;
    if (row >= rows) return;
    struct span inputs = span_of((int)(row % bins.out.by), bins.in, bins.out);
    size_t at = (batch * bins.in.by + inputs.first) * channels + t % vecs * N;
    vec<N> sum = load_vec<N>(x, at);
#pragma unroll 4
    for (int k = inputs.first + 1; k < inputs.end; k++) {
        vec<N> more = load_vec<N>(x, at += channels);
        for (int j = 0; j < N; j++) sum.v[j] += more.v[j];
    }
    float share = 1 / (float)(inputs.end - inputs.first);
    for (int j = 0; j < N; j++) sum.v[j] *= share;
    store_vec<N>(y, t * N, sum);
}

void cuda_adaptive_pool(struct tensor y, struct tensor x)
{
    view to = view_of(y), from = view_of(x);
    int n = vec_size((size_t)y.channels, to, from);
    LAUNCH_VEC(n, pool, blocks_for(tensor_count(y), (size_t)n * THREADS), THREADS, 0, to, from,
               bins_make(x.length, y.length), (size_t)y.batch * (size_t)y.length, y.channels);
}

template <int N> static __global__ void unpool(view dx, view dy, struct bins bins, size_t rows, int channels)
{
    size_t t = thread_number(), vecs = (size_t)channels / N, row = t / vecs, batch = row / bins.in.by;
    if (row >= rows) return;
    struct span outputs = span_of((int)(row % bins.in.by), bins.out, bins.in);
    size_t at = (batch * bins.out.by + outputs.first) * channels + t % vecs * N;
    vec<N> sum = {};
    for (int i = outputs.first; i < outputs.end; i++, at += channels) {
        struct span inputs = span_of(i, bins.in, bins.out);
        float share = 1 / (float)(inputs.end - inputs.first);
        vec<N> d = load_vec<N>(dy, at);
        for (int j = 0; j < N; j++) sum.v[j] += d.v[j] * share;
    }
    store_vec<N>(dx, t * N, sum);
}

void cuda_adaptive_pool_backward(struct tensor dx, struct tensor dy)
{
    view to = view_of(dx), from = view_of(dy);
    int n = vec_size((size_t)dx.channels, to, from);
    LAUNCH_VEC(n, unpool, blocks_for(tensor_count(dx), (size_t)n * THREADS), THREADS, 0, to, from,
               bins_make(dx.length, dy.length), (size_t)dx.batch * (size_t)dx.length, dx.channels);
}

/* The shape of a halving: `whole` rows a sample become `half` rows. */
struct halves {
    size_t pairs; /* of all samples */
    int whole, half, channels;
};

static struct halves halves_make(struct tensor half, struct tensor whole)
{
    struct halves h = {(size_t)half.batch * (size_t)half.length, whole.length, half.length, half.channels};
    return h;
}

/* The index of the first value of the pair that vec t of the half is the mean of; the second is `channels`
 * further. */
template <int N> __device__ static inline size_t first_of_pair(struct halves h, size_t t)
{
    size_t vecs = (size_t)h.channels / N, row = t / vecs;
    return (row / h.half * h.whole + row % h.half * 2) * h.channels + t % vecs * N;
}

template <int N> static __global__ void halve(view y, view x, struct halves h)
{
    size_t t = thread_number();
    if (t * N >= h.pairs * h.channels) return;
    size_t at = first_of_pair<N>(h, t);
    vec<N> a = load_vec<N>(x, at), b = load_vec<N>(x, at + h.channels);
    for (int j = 0; j < N; j++) a.v[j] = (a.v[j] + b.v[j]) / 2;
    store_vec<N>(y, t * N, a);
}

void cuda_halve(struct tensor y, struct tensor x)
{
    view to = view_of(y), from = view_of(x);
    int n = vec_size((size_t)y.channels, to, from);
    LAUNCH_VEC(n, halve, blocks_for(tensor_count(y), (size_t)n * THREADS), THREADS, 0, to, from,
               halves_make(y, x));
}

template <int N> static __global__ void halve_backward(view dx, view dy, struct halves h)
{
    size_t t = thread_number();
    if (t * N >= h.pairs * h.channels) return;
    size_t at = first_of_pair<N>(h, t);
    vec<N> d = load_vec<N>(dy, t * N), a = load_vec<N>(dx, at), b = load_vec<N>(dx, at + h.channels);
    for (int j = 0; j < N; j++) {
        a.v[j] += d.v[j] / 2;
        b.v[j] += d.v[j] / 2;
    }
    store_vec<N>(dx, at, a);
    store_vec<N>(dx, at + h.channels, b);
}

void cuda_halve_backward(struct tensor dx, struct tensor dy)
{
    view to = view_of(dx), from = view_of(dy);
    int n = vec_size((size_t)dy.channels, to, from);
    LAUNCH_VEC(n, halve_backward, blocks_for(tensor_count(dy), (size_t)n * THREADS), THREADS, 0, to, from,
               halves_make(dy, dx));
}
