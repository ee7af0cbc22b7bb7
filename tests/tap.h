/* TAP for tests in C: ok() prints a line and counts, done() prints the plan and gives the exit status.
 * NaN and infinity are looked for before any tolerance, so they never pass. */
#ifndef TESTS_TAP_H
#define TESTS_TAP_H

#include <math.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

static int tap_count, tap_failed;

static inline bool __attribute__((format(printf, 2, 3))) ok(bool good, const char *format, ...)
{
    va_list values;
    va_start(values, format);
    printf("%sok %d - ", good ? "" : "not ", ++tap_count);
    vprintf(format, values);
    printf("\n");
    va_end(values);
    fflush(stdout);
    tap_failed += !good;
    return good;
}

/* The largest |got - want| over the largest |want| (over 1 where all of want is 0); infinity when any value
 * is not finite. */
#define TAP_RELATIVE_ERROR(TYPE)                                                                             \
    static inline double relative_error_##TYPE(const TYPE *got, const TYPE *want, size_t count)              \
    {                                                                                                        \
        double worst = 0, largest = 0;                                                                       \
        for (size_t i = 0; i < count; i++) {                                                                 \
            if (!isfinite((double)got[i]) || !isfinite((double)want[i])) return INFINITY;                    \
            worst = fmax(worst, fabs((double)got[i] - (double)want[i]));                                     \
            largest = fmax(largest, fabs((double)want[i]));                                                  \
        }                                                                                                    \
        return largest > 0 ? worst / largest : worst;                                                        \
    }
TAP_RELATIVE_ERROR(float)
TAP_RELATIVE_ERROR(double)

static inline int done(void)
{
    printf("1..%d\n", tap_count);
    return tap_failed != 0 || tap_count == 0;
}

#endif
