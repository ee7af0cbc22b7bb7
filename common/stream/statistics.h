/* What the values of a record are like. */
#ifndef COMMON_STREAM_STATISTICS_H
#define COMMON_STREAM_STATISTICS_H

#include "common/stream/stream.h"

struct statistics {
    size_t finite, zeros, nans, infinite;
    double least, most, mean, deviation; /* of the finite values; the deviation divides by their number */
    int64_t integer_least, integer_most; /* exact, of an integer type */
};

struct statistics record_statistics(const struct record *record);

#endif
