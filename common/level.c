#include "common/level.h"

#include <float.h>
#include <math.h>

float level_peak(const float *values, size_t count)
{
    float peak = 0;
    int bad = 0;
    for (size_t i = 0; i < count; i++) {
        float magnitude = fabsf(values[i]);
        peak = peak > magnitude ? peak : magnitude;
        bad |= !(magnitude <= FLT_MAX);
    }
    return bad ? INFINITY : peak;
}

void level_scale(float *values, size_t count, float factor)
{
    for (size_t i = 0; i < count; i++) values[i] *= factor;
}

void level_lift_off(float *values, size_t count, float floor)
{
    for (size_t i = 0; i < count; i++) values[i] = fmaxf(0, values[i] - floor);
    float largest = level_peak(values, count);
    if (largest > 0) level_scale(values, count, 1 / largest);
}
