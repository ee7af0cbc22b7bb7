/* The level of waves and of loudnesses. */
#include "common/level.h"

#include <float.h>
#include <math.h>

float level_peak(const float *values, size_t count)
{
    float peak = 0;
    int not_finite = 0;
    for (size_t i = 0; i < count; i++) {
        float magnitude = fabsf(values[i]);
        peak = peak > magnitude ? peak : magnitude;
        not_finite |= !(magnitude <= FLT_MAX);
    }
    return not_finite ? INFINITY : peak;
}

void level_scale(float *values, size_t count, float factor)
{
    for (size_t i = 0; i < count; i++) values[i] *= factor;
}

void level_subtract_floor(float *values, size_t count, float floor)
{
    if (floor <= 0) return;
    for (size_t i = 0; i < count; i++) values[i] = fmaxf(0, values[i] - floor);
    float largest = level_peak(values, count);
    if (largest > 0) level_scale(values, count, 1 / largest);
}
