/* Beats by dynamic programming. */
#include "common/beats/beat-path.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/beats/beat-period.h"
#include "common/memory.h"

static const double TIGHTNESS = 100; /* what log(spacing / period)^2 costs, in deviations of onset strength */
static const double WEIGHT_LEAST = 0.01;
static const double WINDOW = 4.5; /* s on each side, to where the weight of other beats is 0 */

static double deviation_of(const struct beat_onsets *onsets)
{
    double power = 0;
    for (size_t t = 0; t < onsets->count; t++)
        power += (double)onsets->strength[t] * (double)onsets->strength[t];
    return sqrt(power / (double)onsets->count);
}

/* before (count): of a beat at each step the best beat before it, or -1. Returns the last beat of the best
 * path. */
static size_t find_path(long *before, const struct beat_onsets *onsets, const double *period)
{
    size_t longest = (size_t)floor(2 * BEAT_LONGEST / onsets->step), last = 0;
    double scale = 1 / deviation_of(onsets);
    double *total = allocate_or_die(onsets->count, sizeof *total);
    double *logarithm = allocate_or_die(longest + 1, sizeof *logarithm);
    for (size_t lag = 1; lag <= longest; lag++) logarithm[lag] = log((double)lag);
    for (size_t t = 0; t < onsets->count; t++) {
        size_t most = (size_t)fmin(floor(2 * period[t]), (double)(t < longest ? t : longest));
        double best = 0, expected = log(period[t]);
        before[t] = -1;
        for (size_t lag = (size_t)fmax(1, ceil(period[t] / 2)); lag <= most; lag++) {
            double ratio = logarithm[lag] - expected, sum = total[t - lag] - TIGHTNESS * ratio * ratio;
            if (sum > best) best = sum, before[t] = (long)(t - lag);
        }
        total[t] = best + scale * (double)onsets->strength[t];
        if (total[t] > total[last]) last = t;
    }
    free(logarithm);
    free(total);
    return last;
}

/* The top of the parabola through the strengths at t - 1, t and t + 1, if they have one. */
static double between_steps(const struct beat_onsets *onsets, size_t t)
{
    if (t == 0 || t + 1 >= onsets->count) return (double)t;
    double left = (double)onsets->strength[t - 1], middle = (double)onsets->strength[t];
    double right = (double)onsets->strength[t + 1], bend = 2 * middle - left - right;
    if (middle < left || middle < right || bend <= 0) return (double)t;
    return (double)t + (right - left) / (2 * bend);
}

/* The value at beat i of the straight line through the beats within `window` steps, by weighted least
 * squares. */
static double smoothed(const double *at, const double *weight, size_t count, size_t i, double window)
{
    double sum = 0, sum_x = 0, sum_xx = 0, sum_y = 0, sum_xy = 0;
    size_t first = i, end = i;
    while (first > 0 && at[i] - at[first - 1] < window) first--;
    while (end < count && at[end] - at[i] < window) end++;
    for (size_t j = first; j < end; j++) {
        double x = (double)j - (double)i, y = at[j] - at[i], share = fabs(y) / window;
        double w = weight[j] * pow(1 - share * share * share, 3);
        sum += w, sum_x += w * x, sum_xx += w * x * x, sum_y += w * y, sum_xy += w * x * y;
    }
    double bend = sum * sum_xx - sum_x * sum_x;
    return at[i] + (bend > 0 ? (sum_xx * sum_y - sum_x * sum_xy) / bend : 0);
}

size_t beat_path_or_die(double **at, const struct beat_onsets *onsets, const double *period)
{
    long *before = allocate_or_die(onsets->count, sizeof *before);
    size_t last = find_path(before, onsets, period), count = 1;
    for (long t = (long)last; before[t] >= 0; t = before[t]) count++;
    double *path = allocate_or_die(count, sizeof *path), *weight = allocate_or_die(count, sizeof *weight);
    *at = allocate_or_die(count, sizeof **at);
    long t = (long)last;
    for (size_t i = count; i-- > 0; t = before[t]) {
        path[i] = between_steps(onsets, (size_t)t);
        weight[i] = fmax(0, (double)onsets->strength[t] / deviation_of(onsets)) + WEIGHT_LEAST;
    }
    for (size_t i = 0; i < count; i++) (*at)[i] = smoothed(path, weight, count, i, WINDOW / onsets->step);
    for (size_t i = 1; i < count; i++)
        if ((*at)[i] < (*at)[i - 1] + 1) memcpy(*at, path, count * sizeof *path); /* nothing there to go by */
    free(weight);
    free(path);
    free(before);
    return count;
}
