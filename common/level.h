/* How loud values are. */
#ifndef COMMON_LEVEL_H
#define COMMON_LEVEL_H

#include <stddef.h>

/* The largest magnitude; infinity when any value is infinite or NaN; 0 of none. */
float level_peak(const float *values, size_t count);

void level_scale(float *values, size_t count, float factor);

#endif
