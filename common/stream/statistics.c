/* Statistics of the values of a record: mean, deviation, range, how many are zero, NaN or infinite. */
#include "common/stream/statistics.h"

#include <math.h>

static void count_value(struct statistics *all, double value)
{
    all->nans += isnan(value) != 0;
    all->infinite += isinf(value) != 0;
    if (!isfinite(value)) return;
    all->finite++;
    all->zeros += value == 0;
    if (value < all->least) all->least = value;
    if (value > all->most) all->most = value;
}

static void find_integer_range(struct statistics *all, const struct record *record)
{
    all->integer_least = INT64_MAX;
    all->integer_most = INT64_MIN;
    for (size_t i = 0; i < record->count; i++) {
        int64_t value = record_integer(record, i);
        if (value < all->integer_least) all->integer_least = value;
        if (value > all->integer_most) all->integer_most = value;
    }
}

/* Two passes: the mean of squares less the squared mean would lose digits where the mean is large. */
struct statistics record_statistics(const struct record *record)
{
    struct statistics all = {.least = INFINITY, .most = -INFINITY};
    long double sum = 0; /* a sum of doubles cannot overflow it */
    double squares = 0;
    for (size_t i = 0; i < record->count; i++) {
        double value = record_value(record, i);
        count_value(&all, value);
        if (isfinite(value)) sum += (long double)value;
    }
    if (all.finite) all.mean = (double)(sum / (long double)all.finite);
    for (size_t i = 0; i < record->count; i++) {
        double value = record_value(record, i);
        if (isfinite(value)) squares += (value - all.mean) * (value - all.mean);
    }
    all.deviation = all.finite ? sqrt(squares / (double)all.finite) : 0;
    if (element_is_integer(record->element)) find_integer_range(&all, record);
    return all;
}
