/* Many blocks of random numbers at a time, so that the compiler makes vectors of them. */
#include "kernels/cpu/dropout.h"
#include <string.h>

enum { LANES = 16, PER_BLOCK = 8, BATCH = LANES * PER_BLOCK };

/* The numbers of a batch of elements, from block `index` on. */
static void batch_bits(uint16_t bits[BATCH], struct random_key key, uint32_t index)
{
    uint32_t words[LANES][4];
    for (uint32_t lane = 0; lane < LANES; lane++) random_block(key, index + lane, words[lane]);
    memcpy(bits, words, sizeof words);
}

void cpu_dropout_factors(real *factors, size_t first, size_t count, struct dropout dropout, struct pass pass)
{
    struct random_key key = random_key_make(pass.seed, dropout.purpose, pass.step);
    uint32_t threshold = (uint32_t)lround(65536 * (double)dropout.share);
    real kept = 1 / (1 - dropout.share);
    for (size_t at = first, end = first + count; at < end;) {
        size_t base = at / BATCH * BATCH, stop = base + BATCH < end ? base + BATCH : end;
        uint16_t bits[BATCH];
        real batch[BATCH];
        batch_bits(bits, key, (uint32_t)(base / PER_BLOCK));
        for (int i = 0; i < BATCH; i++) batch[i] = bits[i] < threshold ? 0 : kept;
        memcpy(factors + (at - first), batch + (at - base), (stop - at) * sizeof *factors);
        at = stop;
    }
}
