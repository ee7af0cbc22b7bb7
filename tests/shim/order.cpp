/* The order in which thread blocks, warps and threads run (SHIM_ORDER, SHIM_SEED). */
#include "order.h"

#include <string.h>

#include "shim.h"

enum order { FORWARD, REVERSE, SHUFFLE };
static enum order order;
static uint64_t chance;

static uint64_t random_bits()
{
    chance ^= chance << 13, chance ^= chance >> 7, chance ^= chance << 17;
    return chance * 0x2545f4914f6cdd1du >> 32;
}

void order_open()
{
    const char *name = getenv("SHIM_ORDER");
    static bool known;
    if (known) return;
    known = true;
    chance = (uint64_t)shim_setting("SHIM_SEED", 1) * 0x9e3779b97f4a7c15u | 1;
    if (!name || !*name || !strcmp(name, "forward"))
        order = FORWARD;
    else if (!strcmp(name, "reverse"))
        order = REVERSE;
    else if (!strcmp(name, "shuffle"))
        order = SHUFFLE;
    else
        shim_die("SHIM_ORDER is forward, reverse or shuffle, not %s", name);
}

unsigned order_choose(unsigned bits, unsigned last)
{
    unsigned other;
    if (order == SHUFFLE) {
        for (unsigned skip = (unsigned)(random_bits() % (unsigned)__builtin_popcount(bits)); skip; skip--)
            bits &= bits - 1;
        return (unsigned)__builtin_ctz(bits);
    }
    if (order == FORWARD) {
        other = bits & (unsigned)(0xfffffffeull << last);
        return (unsigned)__builtin_ctz(other ? other : bits);
    }
    other = bits & ((1u << last) - 1);
    return 31 - (unsigned)__builtin_clz(other ? other : bits);
}

unsigned order_before(unsigned count)
{
    return order == REVERSE ? 0 : count - 1;
}

bool order_stays()
{
    return order != SHUFFLE || random_bits() % 8;
}

std::vector<size_t> order_blocks(size_t count)
{
    std::vector<size_t> places(count);
    for (size_t i = 0; i < count; i++) places[i] = order == REVERSE ? count - 1 - i : i;
    for (size_t i = count; order == SHUFFLE && i > 1; i--)
        std::swap(places[i - 1], places[random_bits() % i]);
    return places;
}
