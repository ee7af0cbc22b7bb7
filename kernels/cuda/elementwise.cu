/* Element-wise operations: copy, add, gather, dropout, concat, split. */
#include "kernels/cuda/base/bf16.cuh"
#include "kernels/cuda/base/random.cuh"
#include "kernels/cuda/base/vectors.cuh"

enum { THREADS = 256, INDICES = 256, ANY = 8 /* vec size for arrays whose tail is handled */ };

void cuda_copy(struct tensor y, struct tensor x)
{
    cuda_convert(view_of(y), view_of(x), tensor_count(y));
}

template <int N> static __global__ void add(view y, view x, size_t count)
{
    size_t i = thread_number() * N;
    if (i >= count) return;
    vec<N> sum = load_vec_partial<N>(y, i, count), more = load_vec_partial<N>(x, i, count);
    for (int j = 0; j < N; j++) sum.v[j] += more.v[j];
    store_vec_partial<N>(y, i, count, sum);
}

void cuda_add(struct tensor y, struct tensor x)
{
    view to = view_of(y), from = view_of(x);
    int n = vec_size(ANY, to, from);
    LAUNCH_VEC(n, add, blocks_for(tensor_count(y), (size_t)n * THREADS), THREADS, 0, to, from,
               tensor_count(y));
}

/* Row numbers as a kernel argument, so that a captured graph gets new ones. */
struct indices {
    size_t from[INDICES];
};

/* Sample first + blockIdx.y of y = row indices.from[blockIdx.y]. */
template <int N>
static __global__ void gather(view y, view rows, struct indices indices, size_t first, size_t row)
{
    size_t i = thread_number() * N;
    if (i < row)
        store_vec<N>(y, (first + blockIdx.y) * row + i,
                     load_vec<N>(rows, indices.from[blockIdx.y] * row + i));
}

void cuda_gather(struct tensor y, device rows, const size_t *index)
{
    size_t row = (size_t)y.length * (size_t)y.channels, batch = (size_t)y.batch;
    view to = view_of(y), from = view_of(rows);
    int n = vec_size(row, to, from);
    for (size_t first = 0; first < batch; first += INDICES) {
        struct indices indices = {};
        unsigned count = batch - first < INDICES ? (unsigned)(batch - first) : (unsigned)INDICES;
        for (unsigned i = 0; i < count; i++) indices.from[i] = index[first + i];
        LAUNCH_VEC(n, gather, dim3(blocks_for(row, (size_t)n * THREADS), count), THREADS, 0, to, from,
                   indices, first, row);
    }
}

template <int N> static __global__ void drop(view x, struct mask mask, size_t count)
{
    size_t i = thread_number() * N;
    if (i >= count) return;
    vec<N> p = load_vec_partial<N>(x, i, count), factor = mask_factors<N>(mask, i);
    for (int j = 0; j < N; j++) p.v[j] *= factor.v[j];
    store_vec_partial<N>(x, i, count, p);
}

void cuda_dropout(struct tensor x, struct dropout dropout, struct pass pass)
{
    struct mask mask = mask_make(dropout, pass);
    view v = view_of(x);
    int n = vec_size(ANY, v);
    if (mask.on)
        LAUNCH_VEC(n, drop, blocks_for(tensor_count(x), (size_t)n * THREADS), THREADS, 0, v, mask,
                   tensor_count(x));
}

/* Where this thread's vec is in rows that consist of the channels of a, then those of b. */
struct place {
    size_t whole, part; /* index in y; index in a or b */
    bool in_a, inside;
};
template <int N> __device__ static struct place place_of(size_t rows, int channels_a, int channels_b)
{
    size_t vecs = (size_t)(channels_a + channels_b) / N, i = thread_number(), row = i / vecs;
    int channel = (int)(i % vecs) * N;
    struct place p = {i * N, row * channels_a + channel, channel < channels_a, row < rows};
    if (!p.in_a) p.part = row * channels_b + (channel - channels_a);
    return p;
}

template <int N>
static __global__ void concat(view y, view a, view b, size_t rows, int channels_a, int channels_b)
{
    struct place p = place_of<N>(rows, channels_a, channels_b);
    if (p.inside) store_vec<N>(y, p.whole, load_vec<N>(p.in_a ? a : b, p.part));
}

template <int N>
static __global__ void split(view a, view b, view y, size_t rows, int channels_a, int channels_b)
{
    struct place p = place_of<N>(rows, channels_a, channels_b);
    view to = p.in_a ? a : b;
    if (p.inside && to.data) store_vec<N>(to, p.part, load_vec<N>(y, p.whole));
}

void cuda_concat(struct tensor y, struct tensor a, struct tensor b)
{
    view to = view_of(y), from_a = view_of(a), from_b = view_of(b);
    int n = vec_size((size_t)(a.channels | b.channels), to, from_a, from_b);
    LAUNCH_VEC(n, concat, blocks_for(tensor_count(y), (size_t)n * THREADS), THREADS, 0, to, from_a, from_b,
               (size_t)y.batch * (size_t)y.length, a.channels, b.channels);
}

void cuda_split(struct tensor a, struct tensor b, struct tensor y)
{
    view from = view_of(y), to_a = view_of(a), to_b = view_of(b);
    int n = vec_size((size_t)(a.channels | b.channels), from, to_a, to_b);
    LAUNCH_VEC(n, split, blocks_for(tensor_count(y), (size_t)n * THREADS), THREADS, 0, to_a, to_b, from,
               (size_t)y.batch * (size_t)y.length, a.channels, b.channels);
}
