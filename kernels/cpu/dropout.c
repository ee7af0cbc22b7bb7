/* Many blocks of random numbers at a time, so that the compiler makes vectors of them. */
#include "kernels/cpu/dropout.h"
#include <string.h>

enum { BLOCKS = 64, BATCH = 8 * BLOCKS };

struct mask {
    struct random_key key;
    uint32_t threshold;
    real kept;
};

static struct mask mask_make(struct dropout dropout, struct pass pass)
{
    return (struct mask){.key = random_key_make(pass.seed, dropout.purpose, pass.step),
                         .threshold = (uint32_t)lround(65536 * (double)dropout.share),
                         .kept = 1 / (1 - dropout.share)};
}

/* words (BLOCKS, 4): random_block from block `index` on. Rounds outside, lanes inside, and products in arrays
 * of their own: the form that gcc turns into widening vector multiplications (five times as fast as the plain
 * one). */
static void batch_words(uint32_t *words, struct random_key key, uint32_t index)
{
    uint32_t c0[BLOCKS], c1[BLOCKS], c2[BLOCKS], c3[BLOCKS];
    uint64_t p0[BLOCKS], p1[BLOCKS];
    for (int i = 0; i < BLOCKS; i++) {
        c0[i] = index + (uint32_t)i, c1[i] = 0;
        c2[i] = key.purpose[0], c3[i] = key.purpose[1];
    }
    for (int round = 0; round < 10; round++) {
        for (int i = 0; i < BLOCKS; i++) p0[i] = (uint64_t)0xD2511F53u * c0[i];
        for (int i = 0; i < BLOCKS; i++) p1[i] = (uint64_t)0xCD9E8D57u * c2[i];
        for (int i = 0; i < BLOCKS; i++) {
            c0[i] = (uint32_t)(p1[i] >> 32) ^ c1[i] ^ key.seed[0], c1[i] = (uint32_t)p1[i];
            c2[i] = (uint32_t)(p0[i] >> 32) ^ c3[i] ^ key.seed[1], c3[i] = (uint32_t)p0[i];
        }
        key.seed[0] += 0x9E3779B9u, key.seed[1] += 0xBB67AE85u;
    }
    for (int i = 0; i < BLOCKS; i++) {
        words[4 * i] = c0[i], words[4 * i + 1] = c1[i];
        words[4 * i + 2] = c2[i], words[4 * i + 3] = c3[i];
    }
}

/* The factors of the BATCH elements from batch * BATCH on. */
static void batch_factors(real *factors, struct mask mask, size_t batch)
{
    uint32_t words[4 * BLOCKS];
    batch_words(words, mask.key, (uint32_t)(batch * BLOCKS));
    for (int i = 0; i < 4 * BLOCKS; i++) {
        factors[2 * i] = (words[i] & 0xffff) >= mask.threshold ? mask.kept : 0;
        factors[2 * i + 1] = (words[i] >> 16) >= mask.threshold ? mask.kept : 0;
    }
}

static size_t end_of_batch(size_t at, size_t end)
{
    const size_t stop = (at / BATCH + 1) * BATCH;
    return stop < end ? stop : end;
}

void cpu_dropout_factors(real *factors, size_t first, size_t count, struct dropout dropout, struct pass pass)
{
    const struct mask mask = mask_make(dropout, pass);
    real batch[BATCH];
    for (size_t at = first, end = first + count, stop; at < end; at = stop) {
        stop = end_of_batch(at, end);
        batch_factors(batch, mask, at / BATCH);
        memcpy(factors + (at - first), batch + at % BATCH, (stop - at) * sizeof *factors);
    }
}

void cpu_dropout_apply(real *x, size_t first, size_t count, struct dropout dropout, struct pass pass)
{
    if (!cpu_drops(dropout, pass)) return;
    const struct mask mask = mask_make(dropout, pass);
    real batch[BATCH];
    for (size_t at = first, end = first + count, stop; at < end; at = stop) {
        stop = end_of_batch(at, end);
        batch_factors(batch, mask, at / BATCH);
        real *to = x + (at - first);
        const real *factors = batch + at % BATCH;
        for (size_t i = 0; i < stop - at; i++) to[i] *= factors[i];
    }
}
