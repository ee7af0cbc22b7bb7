/* The backward pass of linear resizing. */
#include "kernels/cuda/base/vectors.cuh"
#include "kernels/cuda/resize.cuh"

enum { RESIZE_THREADS = 256 };

/* A thread sums a vec of one row of dx: over the outputs between the rows before and after it, and over those
 * that are clamped to it. */
template <int N>
static __global__ void gather_rows(view dx, view dy, struct resize r, int channels, size_t vecs)
{
    size_t index = thread_number();
    if (index >= vecs) return;
    int width = channels / N, channel = (int)(index % width) * N;
    size_t rows = index / width, sample = rows / r.inputs;
    int row = (int)(rows % r.inputs);
    int first = row == 0 ? 0 : (int)((row - 0.5) / r.ratio - 0.5);
    int last = row == r.inputs - 1 ? r.outputs - 1 : (int)((row + 1.5) / r.ratio - 0.5) + 1;
    first = max(first, 0), last = min(last, r.outputs - 1);
    vec<N> sum = load_vec<N>(dx, index * N);
    for (int i = first; i <= last; i++) {
        struct place place = place_of(r, i);
        float weight = (place.at == row ? 1 - place.share : 0) + (place.next == row ? place.share : 0);
        if (weight == 0) continue;
        vec<N> d = load_vec<N>(dy, (sample * r.outputs + i) * channels + channel);
        for (int k = 0; k < N; k++) sum.v[k] += weight * d.v[k];
    }
    store_vec<N>(dx, index * N, sum);
}

void cuda_resize_backward(struct tensor dx, struct tensor dy)
{
    int vec = vec_size((size_t)dx.channels, view_of(dx), view_of(dy));
    size_t vecs = tensor_count(dx) / (size_t)vec;
    launch(vec == 8   ? gather_rows<8>
           : vec == 4 ? gather_rows<4>
                      : gather_rows<1>,
           blocks_for(vecs, RESIZE_THREADS), RESIZE_THREADS, 0, view_of(dx), view_of(dy),
           resize_make(dy.length, dx.length), dx.channels, vecs);
}
