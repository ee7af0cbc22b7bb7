/* Dropout masks from Philox random numbers, by the rule of kernels/tensor.h. */
#include "kernels/cpu/dropout.h"

#include <string.h>

#include "kernels/cpu/philox.h"

enum { BLOCKS = PHILOX_BLOCKS, BATCH = 8 * BLOCKS };

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

/* The factors of the BATCH elements from batch * BATCH on. */
static void batch_factors(real *factors, struct mask mask, size_t batch)
{
    uint32_t words[4 * BLOCKS];
    cpu_philox(words, mask.key, (uint32_t)(batch * BLOCKS));
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
        if (stop - at == BATCH) {
            batch_factors(factors + (at - first), mask, at / BATCH);
            continue;
        }
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
