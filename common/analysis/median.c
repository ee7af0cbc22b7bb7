#include "common/analysis/median.h"

#include <stdlib.h>

#include "common/memory.h"

/* Leaves the lesser of two in the first. No branch, so that columns can go side by side. */
static inline __attribute__((always_inline)) void order(float *a, float *b)
{
    float x = *a, y = *b;
    *a = x < y ? x : y;
    *b = x < y ? y : x;
}

/* Of `rows` values: the least and the largest of one more than half of them cannot be the median; they make
 * room for the next one, until three are left. */
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
        for (int r = 1; r < held; r++) order(&value[0], &value[r]);
#pragma GCC unroll 16
        for (int r = 1; r < held - 1; r++) order(&value[r], &value[held - 1]);
        value[0] = held > 3 ? row[next++][i] : value[1];
    }
    return value[0];
}

void median_of_rows(float *median, const float *const *row, int rows, size_t count)
{
    /* Each constant on its own, so that a column stays in registers. */
    switch (rows) {
    case 7:
        for (size_t i = 0; i < count; i++) median[i] = median_of_column(row, 7, i);
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
        size_t from = t < reach ? 0 : t - reach;
        padded[t] = values[from < count ? from : count - 1];
    }
    const float *row[MEDIAN_ROWS_MAX];
    for (int r = 0; r < window; r++) row[r] = padded + r;
    median_of_rows(median, row, window, count);
    free(padded);
}
