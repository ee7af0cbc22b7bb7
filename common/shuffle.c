/* Random permutations: the inside-out form of Fisher and Yates's shuffle. */
#include "common/shuffle.h"

#include "common/memory.h"

size_t *shuffled_or_die(struct random_key key, size_t count)
{
    size_t *order = allocate_or_die(count, sizeof *order);
    for (size_t i = 0; i < count; i++) {
        uint32_t bits[4];
        random_block(key, (uint32_t)i, bits);
        size_t j = random_below(bits[0], (uint32_t)i + 1);
        order[i] = order[j];
        order[j] = i;
    }
    return order;
}
