/* Many blocks of Philox random numbers at a time. */
#ifndef KERNELS_CPU_PHILOX_H
#define KERNELS_CPU_PHILOX_H

#include "common/random.h"

enum { PHILOX_BLOCKS = 64 };

/* words (PHILOX_BLOCKS, 4): random_block from block `index` on. */
void cpu_philox(uint32_t *words, struct random_key key, uint32_t index);

#endif
