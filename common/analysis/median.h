/* Running medians. */
#ifndef COMMON_ANALYSIS_MEDIAN_H
#define COMMON_ANALYSIS_MEDIAN_H

#include <stddef.h>

enum { MEDIAN_ROWS_MAX = 15 };

/* median[i] = the median of row[0][i] … row[rows - 1][i], i < count; an odd number of rows. */
void median_of_rows(float *median, const float *const *row, int rows, size_t count);

/* median[t] = the median of values[t - window / 2] … values[t + window / 2]; the first and the last value are
 * repeated beyond the ends; an odd window. */
void median_over_time(float *median, const float *values, size_t count, int window);

#endif
