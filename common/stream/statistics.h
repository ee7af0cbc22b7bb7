/* Statistics of the values of a record. */
#ifndef COMMON_STREAM_STATISTICS_H
#define COMMON_STREAM_STATISTICS_H

#include "common/stream/stream.h"

struct statistics {
    size_t finite, zeros, nans, infinite;
    double least, most, mean, deviation; /* of the finite values; the deviation divides by n, not n - 1 */
    int64_t integer_least, integer_most; /* exact; only of an integer type */
};

struct statistics record_statistics(const struct record *record);

#endif
