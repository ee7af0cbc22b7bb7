/* The beats of a score. */
#include "common/beats/beats.h"

#include <math.h>
#include <stdlib.h>

#include "common/beats/beat-path.h"
#include "common/beats/beat-period.h"
#include "common/beats/onsets.h"
#include "common/memory.h"

enum { STEPS_MOST = 60000 /* of which the period is refined */, PHASES = 200, PATH_LEAST = 9 /* beats */ };
static const double BEFORE = 0.04; /* s before frame 0 at which a beat counts as one on it */
static const double STEADY = 0.9; /* of the strength that followed beats have, what those of a machine have */

/* Strength between two steps; 0 outside. */
static double strength_at(const struct beat_onsets *onsets, double at)
{
    if (!(at >= 0 && at < (double)onsets->count - 1)) return 0;
    double share = at - floor(at);
    const float *two = onsets->strength + (size_t)at;
    return (1 - share) * (double)two[0] + share * (double)two[1];
}

/* The sum of the strengths at at, at + period, at + 2 period ... */
static double strength_of_grid(const struct beat_onsets *onsets, double at, double period)
{
    double sum = 0;
    for (; at < (double)onsets->count; at += period) sum += strength_at(onsets, at);
    return sum;
}

/* The step, below `period`, of the first beat of the grid whose beats are the strongest. */
static double phase_of(const struct beat_onsets *onsets, double period)
{
    double best = 0, most = -INFINITY;
    for (int i = 0; i < PHASES; i++) {
        double at = period * i / PHASES, sum = strength_of_grid(onsets, at, period);
        if (sum > most) most = sum, best = at;
    }
    return best;
}

/* The beats first, first + period ... before `end`. */
static struct beats grid_or_die(double first, double period, double end)
{
    struct beats beats = {.count = (size_t)fmax(0, ceil((end - first) / period))};
    beats.at = allocate_or_die(beats.count, sizeof *beats.at);
    for (size_t i = 0; i < beats.count; i++) beats.at[i] = first + period * (double)i;
    return beats;
}

/* The beats of the path (count), and others as long as its first and its last one, from `begin` to before
 * `end`. */
static struct beats path_extended_or_die(const double *path, size_t count, double begin, double end)
{
    double first = path[1] - path[0], last = path[count - 1] - path[count - 2];
    size_t before = (size_t)fmax(0, floor((path[0] - begin) / first));
    size_t behind = (size_t)fmax(0, ceil((end - path[count - 1]) / last) - 1);
    struct beats beats = {.count = before + count + behind};
    beats.at = allocate_or_die(beats.count, sizeof *beats.at);
    for (size_t i = 0; i < beats.count; i++) {
        if (i < before)
            beats.at[i] = path[0] - first * (double)(before - i);
        else if (i < before + count)
            beats.at[i] = path[i - before];
        else
            beats.at[i] = path[count - 1] + last * (double)(i + 1 - before - count);
    }
    return beats;
}

/* The beats first, first + period ... of a machine that plays with that period, if they are nearly as strong
 * as those of the path (count), which follow a tempo that drifts. */
static bool is_steady(double *first, double *period, const struct beat_onsets *onsets, const double *path,
                      size_t count)
{
    size_t looked_at = onsets->count < STEPS_MOST ? onsets->count : STEPS_MOST;
    double strength = 0;
    for (size_t i = 0; i < count; i++) strength += strength_at(onsets, path[i]);
    *period = onsets_period_near(onsets->strength, looked_at, *period);
    *first = phase_of(onsets, *period);
    return count < PATH_LEAST || strength_of_grid(onsets, *first, *period) >= STEADY * strength;
}

/* In steps, from `begin` to before `end`; without any where none are clear. */
static struct beats clear_beats_or_die(const struct beat_onsets *onsets, double begin, double end)
{
    struct beats beats = {0};
    double period = beat_period_or_die(onsets), first, *path = NULL;
    double *periods = allocate_or_die(onsets->count, sizeof *periods);
    bool exact = period > 0;
    for (size_t t = 0; t < onsets->count; t++) periods[t] = period;
    bool clear = exact || beat_periods_or_die(periods, onsets);
    size_t count = clear ? beat_path_or_die(&path, onsets, periods) : 0;
    if (exact && is_steady(&first, &period, onsets, path, count))
        beats = grid_or_die(first - period >= begin ? first - period : first, period, end);
    else if (count >= PATH_LEAST)
        beats = path_extended_or_die(path, count, begin, end);
    free(path);
    free(periods);
    return beats;
}

struct beats beats_or_die(const struct score *score)
{
    struct beat_onsets onsets = beat_onsets_or_die(score);
    double frames = (double)(score->parts * score->frames), joined = onsets.step / score->interval;
    double begin = -BEFORE / score->interval, end = frames - begin;
    struct beats beats = clear_beats_or_die(&onsets, begin / joined, end / joined);
    bool clear = beats.count > 0;
    for (size_t i = 0; i < beats.count; i++) beats.at[i] *= joined;
    if (!clear) beats = grid_or_die(0, BEAT_UNCLEAR / score->interval, end);
    beats.clear = clear;
    beat_onsets_free(&onsets);
    return beats;
}

void beats_free(struct beats *beats)
{
    free(beats->at);
    *beats = (struct beats){0};
}
