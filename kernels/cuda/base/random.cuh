/* Dropout masks in kernels, by the rule of kernels/tensor.h: the same masks as on the CPU. */
#ifndef KERNELS_CUDA_BASE_RANDOM_CUH
#define KERNELS_CUDA_BASE_RANDOM_CUH

#include "common/random.h"
#include "kernels/cuda/base/cuda.cuh"

/* Arguments of a kernel that applies dropout. */
struct mask {
    bool on;
    struct random_key key;
    uint32_t threshold;
    float kept;
};

static inline mask mask_make(struct dropout dropout, struct pass pass)
{
    mask m = {pass.training && dropout.share > 0, random_key_make(pass.seed, dropout.purpose, pass.step),
              (uint32_t)lround(65536 * (double)dropout.share), 1 / (1 - dropout.share)};
    return m;
}

/* The factor of element i: 0 or 1 / (1 - share); 1 where dropout is off. */
__device__ static inline float mask_factor(const mask &m, size_t i)
{
    uint32_t words[4];
    if (!m.on) return 1;
    random_block(m.key, (uint32_t)(i / 8), words);
    uint32_t bits = words[i % 8 / 2] >> (i % 2 ? 16 : 0);
    return (bits & 0xffff) >= m.threshold ? m.kept : 0;
}

/* The factors of the elements i … i + N - 1; i is a multiple of N, which is 1, 4 or 8. */
template <int N> __device__ inline vec<N> mask_factors(const mask &m, size_t i)
{
    vec<N> p;
    if (N == 1) {
        p.v[0] = mask_factor(m, i);
        return p;
    }
    uint32_t words[4] = {0, 0, 0, 0};
    if (m.on) random_block(m.key, (uint32_t)(i / 8), words);
    for (int j = 0; j < N; j++) {
        uint32_t word = N == 8 ? words[j / 2] : (i % 8 ? words[2 + j / 2 % 2] : words[j / 2 % 2]);
        uint32_t bits = j % 2 ? word >> 16 : word & 0xffff;
        p.v[j] = !m.on ? 1 : bits >= m.threshold ? m.kept : 0;
    }
    return p;
}

#endif
