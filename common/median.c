#include "common/median.h"

#include <stdlib.h>

#include "common/memory.h"

enum { LANES = 16 };

/* Sorts the rows in each lane as far as the middle one: round r leaves the r-th smallest at r. Without a
 * branch, so that the lanes go side by side. */
static void sort_half(float (*value)[LANES], int rows)
{
    for (int r = 0; r <= rows / 2; r++)
        for (int other = r + 1; other < rows; other++)
            for (int i = 0; i < LANES; i++) {
                float a = value[r][i], b = value[other][i];
                value[r][i] = a < b ? a : b;
                value[other][i] = a < b ? b : a;
            }
}

void median_of_rows(float *median, const float *const *row, int rows, size_t count)
{
    float value[MEDIAN_ROWS_MAX][LANES] = {{0}};
    for (size_t begin = 0; begin < count; begin += LANES) {
        size_t lanes = count - begin < LANES ? count - begin : LANES;
        for (int r = 0; r < rows; r++)
            for (size_t i = 0; i < lanes; i++) value[r][i] = row[r][begin + i];
        sort_half(value, rows);
        for (size_t i = 0; i < lanes; i++) median[begin + i] = value[rows / 2][i];
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
