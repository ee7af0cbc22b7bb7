/* Running medians by exchanges of pairs. */
#include "common/analysis/median.h"

#include <stdlib.h>

#include "common/memory.h"

/* Leaves the lesser value in *a. Without a branch, so that loops over columns vectorise. */
static inline __attribute__((always_inline)) void sort_pair(float *a, float *b)
{
    float x = *a, y = *b;
    *a = x < y ? x : y;
    *b = x < y ? y : x;
}

/* The median of an odd number of values: among rows / 2 + 2 values neither the least nor the largest can be
 * it. Both are dropped and the next value is taken, until one is left. */
static inline __attribute__((always_inline)) float median_of_column(const float *const *row, int rows,
                                                                    size_t i)
{
    float value[MEDIAN_ROWS_MAX / 2 + 2] = {0};
    int held = rows / 2 + 2, next = held;
#pragma GCC unroll 16
    for (int r = 0; r < held; r++) value[r] = row[r][i];
#pragma GCC unroll 16
    for (; held > 2; held--) {
#pragma GCC unroll 16
        for (int r = 1; r < held; r++) sort_pair(&value[0], &value[r]);
#pragma GCC unroll 16
        for (int r = 1; r < held - 1; r++) sort_pair(&value[r], &value[held - 1]);
        value[0] = held > 3 ? row[next++][i] : value[1];
    }
    return value[0];
}

void median_of_rows(float *median, const float *const *row, int rows, size_t count)
{
    /* With a constant number of rows, the values of a column stay in registers. */
    switch (rows) {
    case 9:
        for (size_t i = 0; i < count; i++) median[i] = median_of_column(row, 9, i);
        break;
    case 11:
        for (size_t i = 0; i < count; i++) median[i] = median_of_column(row, 11, i);
        break;
    case 15:
        for (size_t i = 0; i < count; i++) median[i] = median_of_column(row, 15, i);
        break;
    default:
        for (size_t i = 0; i < count; i++) median[i] = median_of_column(row, rows, i);
    }
}

void median_over_time(float *median, const float *values, size_t count, int window)
{
    size_t reach = (size_t)window / 2;
    float *padded = allocate_or_die(count + 2 * reach, sizeof *padded);
    for (size_t t = 0; t < count + 2 * reach; t++) {
        size_t source = t < reach ? 0 : t - reach;
        padded[t] = values[source < count ? source : count - 1];
    }
    const float *row[MEDIAN_ROWS_MAX];
    for (int r = 0; r < window; r++) row[r] = padded + r;
    median_of_rows(median, row, window, count);
    free(padded);
}
