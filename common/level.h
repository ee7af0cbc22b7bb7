/* The level of waves and of loudnesses: peak, gain, floor. */
#ifndef COMMON_LEVEL_H
#define COMMON_LEVEL_H

#include <stddef.h>

/* The largest magnitude; infinity when any value is infinite or NaN; 0 without values. */
float level_peak(const float *values, size_t count);

void level_scale(float *values, size_t count, float factor);

/* Subtracts the floor, clips at 0 and divides by the largest value that is left; a floor of 0 changes
 * nothing. For the loudnesses of generated records, which are hardly ever 0. */
void level_subtract_floor(float *values, size_t count, float floor);

#endif
