/* Options whose default is a fact: how a keys record is to be played, which its maker knows. */
#ifndef COMMON_KEYS_STATED_OPTION_H
#define COMMON_KEYS_STATED_OPTION_H

#include "common/option.h"
#include "common/stream/stream.h"

/* The value of the row `name` of the options, a real number whose variable is NAN unless it was given; else
 * the fact of that name, which must lie in the range of the row; else `fallback`. */
double stated_real_or_die(const struct reader *reader, const struct record *record,
                          const struct option *options, const char *name, double fallback);

/* The row of a floor that records state. */
#define OPTION_FLOOR_STATED(variable)                                                                        \
    0, "floor", OPTION_REAL, variable, "LOUDNESS", 0, 1e6,                                                   \
        "Subtract this and divide by the largest first, by default what the record states; 0: neither"

#endif
