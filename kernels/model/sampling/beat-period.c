/* Onsets, their autocorrelation, and its largest value. */
#include "kernels/model/sampling/beat-period.h"

#include <math.h>
#include <stdlib.h>

#include "common/memory.h"

static const double SHORTEST = 0.8, /* s */
    LEAST = 0.25;                   /* autocorrelation of what repeats: noise of ten seconds reaches 0.24 */

/* onset (frames), less its mean. */
static void onset_strengths(double *onset, const float *keys, size_t lines, size_t frames)
{
    double mean = 0;
    for (size_t line = 0; line < lines; line++)
        for (size_t t = 1; t < frames; t++) {
            const float *now = keys + line * frames + t;
            double rise = sqrt(fmax(0, (double)now[0])) - sqrt(fmax(0, (double)now[-1]));
            for (size_t i = t - 1; rise > 0 && i <= t + 1 && i < frames; i++) onset[i] += rise;
        }
    for (size_t t = 0; t < frames; t++) mean += onset[t] / (double)frames;
    for (size_t t = 0; t < frames; t++) onset[t] -= mean;
}

/* The mean of onset[t] * onset[t + lag]. */
static double autocorrelation(const double *onset, size_t frames, size_t lag)
{
    double sum = 0;
    for (size_t t = 0; t + lag < frames; t++) sum += onset[t] * onset[t + lag];
    return sum / (double)(frames - lag);
}

/* Where between lag - 1 and lag + 1 a parabola through the three values is largest. */
static double interpolated(const double *onset, size_t frames, size_t lag)
{
    double before = autocorrelation(onset, frames, lag - 1), here = autocorrelation(onset, frames, lag),
           after = autocorrelation(onset, frames, lag + 1), curvature = before - 2 * here + after;
    if (here < before || here < after || curvature == 0) return (double)lag;
    return (double)lag + (before - after) / curvature / 2;
}

double beat_period(const float *keys, size_t lines, size_t frames, double interval)
{
    double *onset = allocate_or_die(frames, sizeof onset[0]), best = 0, period = 0;
    size_t least = (size_t)fmax(2, ceil(SHORTEST / interval)), found = 0;
    onset_strengths(onset, keys, lines, frames);
    double power = autocorrelation(onset, frames, 0);
    for (size_t lag = least; lag <= frames / 2; lag++) {
        double value = autocorrelation(onset, frames, lag);
        if (value > best) best = value, found = lag;
    }
    if (found && best >= LEAST * power) period = interpolated(onset, frames, found);
    free(onset);
    return period;
}
