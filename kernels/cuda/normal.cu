/* Normal noise: value i is number i mod 4 of random_normal_block() i / 4 (kernels/ops.h, `normal`). */
#include "kernels/cuda/base/random.cuh"
#include "kernels/cuda/base/vectors.cuh"

enum { THREADS = 256, FOUR = 4 };

/* y = x + std * N(0, 1); a thread takes four values, N a load; x without data counts as 0. */
template <int N> static __global__ void noise(view y, view x, size_t count, float std, struct random_key key)
{
    size_t i = thread_number() * FOUR;
    float numbers[FOUR];
    if (i >= count) return;
    random_normal_block(key, (uint32_t)(i / FOUR), numbers);
    for (int j = 0; j < FOUR; j += N) {
        vec<N> p = {};
        if (x.data) p = load_vec_partial<N>(x, i + j, count);
        for (int k = 0; k < N; k++) p.v[k] += std * numbers[j + k];
        store_vec_partial<N>(y, i + j, count, p);
    }
}

void cuda_add_normal(device y, device x, size_t count, real std, struct random_key key)
{
    view to = view_of(y), from = view_of(x);
    unsigned blocks = blocks_for(count, FOUR * THREADS);
    if (vec_size(FOUR, to, from) == FOUR)
        launch(noise<FOUR>, blocks, THREADS, 0, to, from, count, std, key);
    else
        launch(noise<1>, blocks, THREADS, 0, to, from, count, std, key);
}

void cuda_normal(device x, size_t count, real std, struct random_key key)
{
    cuda_add_normal(x, NULL, count, std, key);
}
