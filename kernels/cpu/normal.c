/* Normal noise: value i is number i mod 4 of random_normal_block() i / 4, to a few units in the last place.
 */
#include "kernels/cpu/cpu.h"
#include "kernels/cpu/philox.h"

enum { PAIRS = 2 * PHILOX_BLOCKS, BATCH = 2 * PAIRS };

/* The GNU C library of x86-64 has these for vectors too, but says so only to compilers that need not be exact
 * elsewhere. */
#if defined(__x86_64__) && defined(__GLIBC__)
#pragma omp declare simd notinbranch
float logf(float);
#pragma omp declare simd notinbranch
float sinf(float);
#pragma omp declare simd notinbranch
float cosf(float);
#endif

static void normal_batch(float *x, struct random_key key, uint32_t index)
{
    uint32_t words[BATCH];
    float radius[PAIRS], angle[PAIRS], cosine[PAIRS], sine[PAIRS];
    cpu_philox(words, key, index);
    for (int i = 0; i < PAIRS; i++) {
        radius[i] = logf(random_uniform(words[2 * i]));
        angle[i] = 6.28318530718f * random_uniform(words[2 * i + 1]);
    }
    for (int i = 0; i < PAIRS; i++) radius[i] = sqrtf(-2 * radius[i]);
    for (int i = 0; i < PAIRS; i++) cosine[i] = cosf(angle[i]);
    for (int i = 0; i < PAIRS; i++) sine[i] = sinf(angle[i]);
    for (int i = 0; i < PAIRS; i++) x[2 * i] = radius[i] * cosine[i], x[2 * i + 1] = radius[i] * sine[i];
}

void cpu_add_normal(device y, device x, size_t count, real std, struct random_key key)
{
    const real *from = cpu_values(x);
#pragma omp parallel for schedule(static)
    for (size_t i = 0; i < count; i += BATCH) {
        float noise[BATCH];
        real *to = cpu_values(y) + i;
        size_t n = count - i < BATCH ? count - i : BATCH;
        normal_batch(noise, key, (uint32_t)(i / 4));
        for (size_t j = 0; j < n; j++) to[j] = (from ? from[i + j] : 0) + std * (real)noise[j];
    }
}

void cpu_normal(device x, size_t count, real std, struct random_key key)
{
    cpu_add_normal(x, NULL, count, std, key);
}
