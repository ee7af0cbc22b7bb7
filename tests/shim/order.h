/* The order in which thread blocks, warps and threads run (SHIM_ORDER, SHIM_SEED). */
#ifndef TESTS_SHIM_ORDER_H
#define TESTS_SHIM_ORDER_H

#include <stddef.h>
#include <vector>

void order_open();
std::vector<size_t> order_blocks(size_t count);
/* Of the bits set (one at least), the next after `last`, around. */
unsigned order_choose(unsigned bits, unsigned last);
/* The bit before the first of `count`. */
unsigned order_before(unsigned count);
/* Whether a warp that can goes on. */
bool order_stays();

#endif
