/* Random permutations. */
#ifndef COMMON_SHUFFLE_H
#define COMMON_SHUFFLE_H

#include <stddef.h>

#include "common/random.h"

/* A random permutation of 0 … count - 1, a function of the key; count < 2^32. Caller frees. */
size_t *shuffled_or_die(struct random_key key, size_t count);

#endif
