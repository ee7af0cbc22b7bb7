/* Onsets, their autocorrelation, and its largest value. */
#include "kernels/model/sampling/song-period.h"

#include <math.h>
#include <stdlib.h>

#include "common/beats/onsets.h"
#include "common/memory.h"

static const double SHORTEST = 0.8, /* s */
    LEAST = 0.25;                   /* autocorrelation of what repeats: noise of ten seconds reaches 0.24 */

/* onset (frames), less its mean. What sounds in the first frame does not begin there. */
static void onset_strengths(float *onset, const float *keys, size_t lines, size_t frames)
{
    for (size_t line = 0; line < lines; line++) {
        onsets_add(onset, frames, keys + line * frames, 1);
        onset[0] -= sqrtf(fmaxf(0, keys[line * frames]));
    }
    onsets_smooth(onset, frames, 1);
    onsets_centre(onset, frames);
}

/* The mean of onset[t] * onset[t + lag]. */
static double autocorrelation(const float *onset, size_t frames, size_t lag)
{
    double sum = 0;
    for (size_t t = 0; t + lag < frames; t++) sum += (double)onset[t] * (double)onset[t + lag];
    return sum / (double)(frames - lag);
}

/* Where between lag - 1 and lag + 1 a parabola through the three values is largest. */
static double interpolated(const float *onset, size_t frames, size_t lag)
{
    double before = autocorrelation(onset, frames, lag - 1), here = autocorrelation(onset, frames, lag),
           after = autocorrelation(onset, frames, lag + 1), curvature = before - 2 * here + after;
    if (here < before || here < after || curvature == 0) return (double)lag;
    return (double)lag + (before - after) / curvature / 2;
}

double song_period(const float *keys, size_t lines, size_t frames, double interval)
{
    float *onset = allocate_or_die(frames, sizeof onset[0]);
    double best = 0, period = 0;
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
