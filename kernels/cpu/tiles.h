/* Sums over a fixed number of tiles of an array, whatever the number of threads, so that they have one order.
 */
#ifndef KERNELS_CPU_TILES_H
#define KERNELS_CPU_TILES_H

#include <stddef.h>

enum { TILES = 64 };

/* Tile number `tile` of count elements is tile_start(count, tile) … tile_start(count, tile + 1) - 1. */
static inline size_t tile_start(size_t count, int tile)
{
    return count * (size_t)tile / TILES;
}

static inline double tiles_sum(const double parts[TILES])
{
    double sum = 0;
    for (int t = 0; t < TILES; t++) sum += parts[t];
    return sum;
}

#endif
