/* Element-wise operations: zero, copy, add, gather, dropout, concat, split. */
#include <string.h>

#include "kernels/cpu/cpu.h"
#include "kernels/cpu/dropout.h"

enum { TILE = 16384 }; /* elements that one thread takes at a time */

static size_t tile_size(size_t first, size_t count)
{
    return count - first < TILE ? count - first : TILE;
}

void cpu_zero(device x, size_t count)
{
#pragma omp parallel for schedule(static)
    for (size_t i = 0; i < count; i += TILE) memset(cpu_values(x) + i, 0, tile_size(i, count) * sizeof(real));
}

void cpu_copy(struct tensor y, struct tensor x)
{
    size_t count = tensor_count(y);
#pragma omp parallel for schedule(static)
    for (size_t i = 0; i < count; i += TILE)
        memmove(cpu_values(y.data) + i, cpu_values(x.data) + i, tile_size(i, count) * sizeof(real));
}

void cpu_gather(struct tensor y, device rows, const size_t *index)
{
    size_t row = (size_t)y.length * (size_t)y.channels;
    for (size_t b = 0; b < (size_t)y.batch; b++)
        memcpy(cpu_values(y.data) + b * row, cpu_values(rows) + index[b] * row, row * sizeof(real));
}

void cpu_add(struct tensor y, struct tensor x)
{
    real *to = cpu_values(y.data);
    const real *from = cpu_values(x.data);
    size_t count = tensor_count(y);
#pragma omp parallel for schedule(static)
    for (size_t i = 0; i < count; i++) to[i] += from[i];
}

void cpu_dropout(struct tensor x, struct dropout dropout, struct pass pass)
{
    size_t count = tensor_count(x);
    if (!cpu_drops(dropout, pass)) return;
#pragma omp parallel for schedule(static)
    for (size_t i = 0; i < count; i += TILE)
        cpu_dropout_apply(cpu_values(x.data) + i, i, tile_size(i, count), dropout, pass);
}

void cpu_concat(struct tensor y, struct tensor a, struct tensor b)
{
    size_t rows = (size_t)y.batch * y.length, na = (size_t)a.channels, nb = (size_t)b.channels;
#pragma omp parallel for schedule(static)
    for (size_t i = 0; i < rows; i++) {
        real *row = cpu_values(y.data) + i * (na + nb);
        memcpy(row, cpu_values(a.data) + i * na, na * sizeof *row);
        memcpy(row + na, cpu_values(b.data) + i * nb, nb * sizeof *row);
    }
}

void cpu_split(struct tensor a, struct tensor b, struct tensor y)
{
    size_t rows = (size_t)y.batch * y.length, na = (size_t)a.channels, nb = (size_t)b.channels;
#pragma omp parallel for schedule(static)
    for (size_t i = 0; i < rows; i++) {
        const real *row = cpu_values(y.data) + i * (na + nb);
        if (a.data) memcpy(cpu_values(a.data) + i * na, row, na * sizeof *row);
        if (b.data) memcpy(cpu_values(b.data) + i * nb, row + na, nb * sizeof *row);
    }
}
