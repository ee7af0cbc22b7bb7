/* How loud values are. */
#ifndef COMMON_LEVEL_H
#define COMMON_LEVEL_H

#include <stddef.h>

/* The largest magnitude; infinity when any value is infinite or NaN; 0 of none. */
float level_peak(const float *values, size_t count);

void level_scale(float *values, size_t count, float factor);

/* Subtracts the floor, clips at 0, divides by the largest that is left: for loudnesses that a generator made,
 * which are hardly ever 0. */
void level_lift_off(float *values, size_t count, float floor);

#endif
