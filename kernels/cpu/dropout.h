/* Dropout masks from Philox, 16 bits an element, made 512 elements at a time so that the compiler vectorises.
 *
 * Element e of a tensor (flat index) takes block e / 8 of the stream random_key_make(pass.seed,
 * dropout.purpose, pass.step), of that the word (e % 8) / 2, of that the low half for an even e, else the
 * high one. It is kept where those 16 bits >= round(share * 65536). Every backend makes the same masks. */
#ifndef KERNELS_CPU_DROPOUT_H
#define KERNELS_CPU_DROPOUT_H

#include "kernels/ops.h"
#include <math.h>

enum { DROPOUT_RUN = 512, DROPOUT_BLOCKS = DROPOUT_RUN / 8 };

struct dropout_mask {
    struct random_key key;
    uint32_t threshold;
    real scale; /* of kept elements: 1 / (1 - share) */
};

static inline bool dropout_is_on(struct dropout dropout, struct pass pass)
{
    return pass.training && dropout.share > 0;
}

static inline struct dropout_mask dropout_mask_make(struct dropout dropout, struct pass pass)
{
    return (struct dropout_mask){.key = random_key_make(pass.seed, dropout.purpose, pass.step),
                                 .threshold = (uint32_t)lround((double)dropout.share * 65536),
                                 .scale = 1 / (1 - dropout.share)};
}

/* words (blocks, 4): random_block for DROPOUT_BLOCKS indices. Rounds outside and lanes inside, products kept
 * in arrays of their own: this is the form that gcc turns into widening vector multiplications. */
static inline void dropout_bits(uint32_t words[4 * DROPOUT_BLOCKS], struct random_key key, uint32_t first)
{
    uint32_t c0[DROPOUT_BLOCKS], c1[DROPOUT_BLOCKS], c2[DROPOUT_BLOCKS], c3[DROPOUT_BLOCKS];
    uint64_t p0[DROPOUT_BLOCKS], p1[DROPOUT_BLOCKS];
    for (int i = 0; i < DROPOUT_BLOCKS; i++) {
        c0[i] = first + (uint32_t)i, c1[i] = 0;
        c2[i] = key.purpose[0], c3[i] = key.purpose[1];
    }
    for (int round = 0; round < 10; round++) {
        for (int i = 0; i < DROPOUT_BLOCKS; i++) p0[i] = (uint64_t)0xD2511F53u * c0[i];
        for (int i = 0; i < DROPOUT_BLOCKS; i++) p1[i] = (uint64_t)0xCD9E8D57u * c2[i];
        for (int i = 0; i < DROPOUT_BLOCKS; i++) {
            c0[i] = (uint32_t)(p1[i] >> 32) ^ c1[i] ^ key.seed[0], c1[i] = (uint32_t)p1[i];
            c2[i] = (uint32_t)(p0[i] >> 32) ^ c3[i] ^ key.seed[1], c3[i] = (uint32_t)p0[i];
        }
        key.seed[0] += 0x9E3779B9u, key.seed[1] += 0xBB67AE85u;
    }
    for (int i = 0; i < DROPOUT_BLOCKS; i++) {
        words[4 * i] = c0[i], words[4 * i + 1] = c1[i];
        words[4 * i + 2] = c2[i], words[4 * i + 3] = c3[i];
    }
}

/* factors (DROPOUT_RUN): 0 or the scale, for the elements from run * DROPOUT_RUN on. */
static inline void dropout_run(real factors[DROPOUT_RUN], const struct dropout_mask *mask, size_t run)
{
    uint32_t words[4 * DROPOUT_BLOCKS];
    const uint32_t threshold = mask->threshold;
    const real scale = mask->scale;
    dropout_bits(words, mask->key, (uint32_t)(run * DROPOUT_BLOCKS));
    for (int i = 0; i < DROPOUT_RUN / 2; i++) {
        factors[2 * i] = (words[i] & 0xffff) >= threshold ? scale : 0;
        factors[2 * i + 1] = (words[i] >> 16) >= threshold ? scale : 0;
    }
}

/* x *= mask, for the elements first … first + count - 1 of the tensor; x is where the first of them lies. */
static inline void dropout_apply(real *x, const struct dropout_mask *mask, size_t first, size_t count)
{
    real factors[DROPOUT_RUN];
    for (size_t at = first; at < first + count;) {
        size_t run = at / DROPOUT_RUN, skip = at % DROPOUT_RUN, left = first + count - at;
        size_t length = left < DROPOUT_RUN - skip ? left : DROPOUT_RUN - skip;
        dropout_run(factors, mask, run);
        for (size_t i = 0; i < length; i++) x[at - first + i] *= factors[skip + i];
        at += length;
    }
}

#endif
