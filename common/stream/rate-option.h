/* The sample rate of a wave: its range, its default, and the option that states it. */
#ifndef COMMON_STREAM_RATE_OPTION_H
#define COMMON_STREAM_RATE_OPTION_H

#include "common/option.h"

enum { RATE_LEAST = 1, RATE_MOST = 1000000, RATE_DEFAULT = 12000 }; /* Hz */

/* double, Hz */
#define OPTION_RATE(variable, help) 'r', "rate", OPTION_REAL, variable, "HZ", RATE_LEAST, RATE_MOST, help
#define OPTION_RATE_UNSTATED(variable)                                                                       \
    OPTION_RATE(variable, "Sample rate of records that do not state theirs")

#endif
