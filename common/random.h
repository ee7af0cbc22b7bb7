/* Counter-based random numbers: Philox4x32-10 (Salmon, Moraes, Dror, Shaw: "Parallel random numbers: as easy
 * as 1, 2, 3", SC 2011). A number is a function of a key and a counter, so any thread or device can make
 * any part of a sequence. Inline: kernels of every backend use the same text. */
#ifndef COMMON_RANDOM_H
#define COMMON_RANDOM_H

#include <math.h>
#include <stdint.h>

#ifdef __CUDACC__
#define RANDOM_FUNCTION static inline __host__ __device__
#else
#define RANDOM_FUNCTION static inline
#endif

/* One stream of random numbers: a seed, and what the numbers are for (step, layer …). */
struct random_key {
    uint32_t seed[2];
    uint32_t purpose[2];
};

/* Four independent 32-bit numbers: block `index` of the stream `key`. index < 2^32 blocks. */
RANDOM_FUNCTION void random_block(struct random_key key, uint32_t index, uint32_t out[4])
{
    uint32_t c0 = index, c1 = 0, c2 = key.purpose[0], c3 = key.purpose[1];
    uint32_t k0 = key.seed[0], k1 = key.seed[1];
    for (int round = 0; round < 10; round++) {
        uint64_t p0 = (uint64_t)0xD2511F53u * c0, p1 = (uint64_t)0xCD9E8D57u * c2;
        c0 = (uint32_t)(p1 >> 32) ^ c1 ^ k0;
        c1 = (uint32_t)p1;
        c2 = (uint32_t)(p0 >> 32) ^ c3 ^ k1;
        c3 = (uint32_t)p0;
        k0 += 0x9E3779B9u;
        k1 += 0xBB67AE85u;
    }
    out[0] = c0, out[1] = c1, out[2] = c2, out[3] = c3;
}

/* A 32-bit number as a real in the open interval (0, 1). 23 bits and a half: one more would round to 1. */
RANDOM_FUNCTION float random_uniform(uint32_t bits)
{
    return ((float)(bits >> 9) + 0.5f) * (1.0f / 8388608.0f);
}

/* Four normal numbers N(0, 1) from one block (Box and Muller's transform). */
RANDOM_FUNCTION void random_normal_block(struct random_key key, uint32_t index, float out[4])
{
    uint32_t bits[4];
    random_block(key, index, bits);
    for (int pair = 0; pair < 2; pair++) {
        float radius = sqrtf(-2.0f * logf(random_uniform(bits[2 * pair])));
        float angle = 6.28318530718f * random_uniform(bits[2 * pair + 1]);
        out[2 * pair] = radius * cosf(angle);
        out[2 * pair + 1] = radius * sinf(angle);
    }
}

/* A stream of its own for each purpose and step. */
RANDOM_FUNCTION struct random_key random_key_make(uint64_t seed, uint32_t purpose, uint32_t step)
{
    struct random_key key = {{(uint32_t)seed, (uint32_t)(seed >> 32)}, {purpose, step}};
    return key;
}

/* An integer in [0, below), below > 0, from 32 random bits (Lemire's multiplication; bias < below / 2^32). */
RANDOM_FUNCTION uint32_t random_below(uint32_t bits, uint32_t below)
{
    return (uint32_t)(((uint64_t)bits * below) >> 32);
}

#endif
