/* The beats of a score. */
#include "common/keys/beats.h"

#include <math.h>
#include <stdlib.h>

#include "common/keys/beat-period.h"
#include "common/keys/onsets.h"
#include "common/memory.h"

enum { STEPS_MOST = 60000 /* of which the period is refined */, PHASES = 200 };
static const double BEFORE = 0.02; /* s before frame 0 at which a beat counts as one on it */

/* Strength (count) between two steps; 0 outside. */
static double strength_at(const float *strength, size_t count, double at)
{
    if (!(at >= 0 && at < (double)count - 1)) return 0;
    double share = at - floor(at);
    const float *two = strength + (size_t)at;
    return (1 - share) * (double)two[0] + share * (double)two[1];
}

/* The mean strength at at, at + period, at + 2 period ... */
static double strength_of_grid(const struct beat_onsets *onsets, double at, double period)
{
    double sum = 0;
    size_t beats = 0;
    for (; at < (double)onsets->count; at += period, beats++)
        sum += strength_at(onsets->strength, onsets->count, at);
    return sum / (double)beats;
}

/* The step, below `period`, of the first beat of the grid whose beats are the strongest. */
static double phase_of(const struct beat_onsets *onsets, double period)
{
    double best = 0, most = -INFINITY;
    for (int i = 0; i < PHASES; i++) {
        double at = period * i / PHASES, mean = strength_of_grid(onsets, at, period);
        if (mean > most) most = mean, best = at;
    }
    return best;
}

/* The beats at first, first + period ... up to `end`, all in frames. */
static struct beats grid_or_die(double first, double period, double end)
{
    struct beats beats = {.count = end < first ? 0 : (size_t)floor((end - first) / period) + 1};
    beats.at = allocate_or_die(beats.count, sizeof *beats.at);
    for (size_t i = 0; i < beats.count; i++) beats.at[i] = first + period * (double)i;
    return beats;
}

struct beats beats_or_die(const struct score *score)
{
    double frames = (double)(score->parts * score->frames), before = BEFORE / score->interval;
    struct beat_onsets onsets = beat_onsets_or_die(score);
    double joined = onsets.step / score->interval, period = BEAT_UNCLEAR / onsets.step, first = 0;
    if (onsets.period > 0) {
        size_t count = onsets.count < STEPS_MOST ? onsets.count : STEPS_MOST;
        period = onsets_period_near(onsets.strength, count, onsets.period);
        first = phase_of(&onsets, period);
        if (first - period > -before / joined) first -= period;
    }
    struct beats beats = grid_or_die(first * joined, period * joined, frames + before);
    beats.clear = onsets.period > 0;
    free(onsets.strength);
    return beats;
}

void beats_free(struct beats *beats)
{
    free(beats->at);
    *beats = (struct beats){0};
}
