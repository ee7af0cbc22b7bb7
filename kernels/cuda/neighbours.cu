/* Neighbouring samples side by side. */
#include "kernels/cuda/base/vectors.cuh"

enum { THREADS = 256 };

/* The shape, with the length and the channels of x. */
struct sides {
    struct neighbours shape;
    int length, channels;
};

/* A thread writes a vec of y, whose rows are windows of rows of x. */
template <int N> static __global__ void neighbours(view y, view x, struct sides s, size_t count)
{
    size_t i = thread_number(), vecs = (size_t)s.channels / N, part = i / vecs;
    if (i >= count) return;
    int w = (int)(part % s.shape.window), t = (int)(part / s.shape.window % s.length);
    size_t sample = part / s.shape.window / s.length;
    int row = (int)(sample % s.shape.out) * s.shape.stride - s.shape.padding + w;
    vec<N> values = {};
    if (row >= 0 && row < s.shape.in)
        values = load_vec<N>(x, ((sample / s.shape.out * s.shape.in + row) * s.length + t) * s.channels +
                                    i % vecs * N);
    store_vec<N>(y, i * N, values);
}

/* A thread writes a vec of dx: the sum over the windows that have its row. */
template <int N> static __global__ void neighbours_backward(view dx, view dy, struct sides s, size_t count)
{
    size_t i = thread_number(), vecs = (size_t)s.channels / N, part = i / vecs;
    if (i >= count) return;
    int t = (int)(part % s.length);
    size_t sample = part / s.length, record = sample / s.shape.in;
    vec<N> sum = {};
    for (int w = 0; w < s.shape.window; w++) {
        int start = (int)(sample % s.shape.in) + s.shape.padding - w, window = start / s.shape.stride;
        if (start < 0 || start % s.shape.stride || window >= s.shape.out) continue;
        size_t row = (record * s.shape.out + window) * s.length + t;
        vec<N> more = load_vec<N>(dy, (row * s.shape.window + w) * s.channels + i % vecs * N);
        for (int j = 0; j < N; j++) sum.v[j] += more.v[j];
    }
    store_vec<N>(dx, i * N, sum);
}

void cuda_neighbours(struct tensor y, struct tensor x, struct neighbours shape)
{
    view to = view_of(y), from = view_of(x);
    struct sides sides = {shape, x.length, x.channels};
    int n = vec_size((size_t)x.channels, to, from);
    size_t count = tensor_count(y) / n;
    LAUNCH_VEC(n, neighbours, blocks_for(count, THREADS), THREADS, 0, to, from, sides, count);
}

void cuda_neighbours_backward(struct tensor dx, struct tensor dy, struct neighbours shape)
{
    view to = view_of(dx), from = view_of(dy);
    struct sides sides = {shape, dx.length, dx.channels};
    int n = vec_size((size_t)dx.channels, to, from);
    size_t count = tensor_count(dx) / n;
    LAUNCH_VEC(n, neighbours_backward, blocks_for(count, THREADS), THREADS, 0, to, from, sides, count);
}
