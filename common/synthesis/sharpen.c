/* Sharpening and release of the loudness of keys. */
#include "common/synthesis/sharpen.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/memory.h"

static const float INAUDIBLE = 1e-5f; /* of full scale: -100 dB */

/* The mean of loudness (count) around t, weighted with the Gaussian; frames outside the row count nothing. */
static double blurred(const float *loudness, size_t count, size_t t, const double *gaussian, size_t reach)
{
    double sum = gaussian[0] * (double)loudness[t], weight = gaussian[0];
    for (size_t d = 1; d <= reach; d++) {
        if (t >= d) sum += gaussian[d] * (double)loudness[t - d], weight += gaussian[d];
        if (t + d < count) sum += gaussian[d] * (double)loudness[t + d], weight += gaussian[d];
    }
    return sum / weight;
}

void sharpen(float *loudness, size_t count, double deviation, double most)
{
    size_t reach = (size_t)fmin(ceil(3 * deviation), (double)count);
    double *gaussian = allocate_or_die(reach + 1, sizeof *gaussian);
    gaussian[0] = 1;
    for (size_t d = 1; d <= reach; d++) gaussian[d] = exp(-0.5 * (double)(d * d) / (deviation * deviation));
    float *before = allocate_or_die(count, sizeof *before);
    memcpy(before, loudness, count * sizeof *before);
    for (size_t t = 0; t < count; t++)
        if (before[t] > 0) {
            double factor = (double)before[t] / blurred(before, count, t, gaussian, reach);
            loudness[t] = (float)((double)before[t] * fmin(factor, most));
        }
    free(before);
    free(gaussian);
}

void sharpen_release(float *loudness, size_t count, float decay)
{
    for (size_t t = 1; t < count; t++) {
        float ringing = loudness[t - 1] * decay;
        if (ringing > loudness[t] && ringing > INAUDIBLE) loudness[t] = ringing;
    }
}
