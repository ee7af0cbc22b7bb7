/* The period of a beat. */
#include "common/beats/beat-period.h"

#include <math.h>
#include <stdlib.h>

#include "common/memory.h"

static const double FINER = 0.0004; /* s from one candidate to the next: 6.4 ms in 16 beats */
/* Regularity; of random notes, and of songs with their frames in random order, it is below 0.09, of whole
 * songs of an exact tempo 0.26 and more. */
static const double CLEAR = 0.12;
enum { PHRASE = 16, BAR = 4 /* beats, to which the correlation is looked at */ };

/* Of a drifting beat. */
static const double WINDOW = 12, HOP = 3; /* s */
static const double CHANGE =
    0.1; /* of regularity: what a hop costs in which the period changes by all its range */
static const double DRIFTS = 0.08; /* regularity along a path; of random notes below 0.07 */
static const double BEYOND = 1.12; /* as far as a tempo at the edge of the range drifts */
enum { PERIODS = 94 /* a hundredth apart */, CHANGE_MOST = 4 /* periods a hop */ };

double beat_period_or_die(const struct beat_onsets *onsets)
{
    size_t lags = (size_t)ceil(PHRASE * BEAT_LONGEST / onsets->step) + 2;
    if (lags > onsets->count / 2) lags = onsets->count / 2; /* so that each is a mean of many products */
    double *correlation = allocate_or_die(lags, sizeof *correlation), best = 0, most = CLEAR;
    beat_correlate(correlation, lags, onsets, 0, onsets->count);
    for (int i = 0; BEAT_SHORTEST + i * FINER < BEAT_LONGEST; i++) {
        double period = (BEAT_SHORTEST + i * FINER) / onsets->step;
        double regular = beat_regularity(correlation, lags, period, PHRASE);
        if (regular > most) most = regular, best = period;
    }
    free(correlation);
    return best;
}

/* Candidate i, in steps. */
static double candidate(const struct beat_onsets *onsets, int i)
{
    double range = BEYOND * BEYOND * BEAT_LONGEST / BEAT_SHORTEST;
    return BEAT_SHORTEST / BEYOND * pow(range, (double)i / (PERIODS - 1)) / onsets->step;
}

/* The windows are `hop` steps apart; regular (windows, PERIODS). */
static void set_regularity_or_die(double *regular, size_t windows, size_t hop,
                                  const struct beat_onsets *onsets)
{
    size_t count = (size_t)(WINDOW / onsets->step),
           lags = (size_t)ceil(BAR * BEAT_LONGEST / onsets->step) + 2;
    double *correlation = allocate_or_die(lags, sizeof *correlation);
    for (size_t w = 0; w < windows; w++) {
        beat_correlate(correlation, lags, onsets, w * hop, count);
        for (int i = 0; i < PERIODS; i++)
            regular[w * PERIODS + (size_t)i] = beat_regularity(correlation, lags, candidate(onsets, i), BAR);
    }
    free(correlation);
}

/* path (windows): the candidates of the path whose regularity, less what its changes cost, is largest; the
 * regularity becomes the sum of it up to there. Returns the sum along the path. */
static double best_path_or_die(int *path, double *regular, size_t windows)
{
    int *before = allocate_or_die(windows * PERIODS, sizeof *before), best = 0;
    for (size_t w = 1; w < windows; w++)
        for (int i = 0; i < PERIODS; i++) {
            double most = -INFINITY, *sums = regular + (w - 1) * PERIODS;
            for (int j = i - CHANGE_MOST; j <= i + CHANGE_MOST; j++) {
                if (j < 0 || j >= PERIODS) continue;
                double sum = sums[j] - CHANGE * abs(i - j) / (PERIODS - 1);
                if (sum > most) most = sum, before[w * PERIODS + (size_t)i] = j;
            }
            regular[w * PERIODS + (size_t)i] += most;
        }
    const double *last = regular + (windows - 1) * PERIODS;
    for (int i = 1; i < PERIODS; i++)
        if (last[i] > last[best]) best = i;
    double sum = last[best];
    for (size_t w = windows; w-- > 0; best = before[w * PERIODS + (size_t)best]) path[w] = best;
    free(before);
    return sum;
}

bool beat_periods_or_die(double *period, const struct beat_onsets *onsets)
{
    size_t window = (size_t)(WINDOW / onsets->step), hop = (size_t)(HOP / onsets->step);
    if (onsets->count < window) return false;
    size_t windows = (onsets->count - window) / hop + 1;
    double *regular = allocate_or_die(windows * PERIODS, sizeof *regular);
    int *path = allocate_or_die(windows, sizeof *path);
    set_regularity_or_die(regular, windows, hop, onsets);
    double sum = best_path_or_die(path, regular, windows);
    for (size_t t = 0; t < onsets->count; t++) { /* between the middles of two windows */
        double at = fmin(fmax(((double)t - (double)window / 2) / (double)hop, 0), (double)windows - 1);
        size_t w = (size_t)at, behind = w + 1 < windows ? w + 1 : w;
        double share = at - (double)w;
        period[t] = (1 - share) * candidate(onsets, path[w]) + share * candidate(onsets, path[behind]);
    }
    free(path);
    free(regular);
    return sum >= DRIFTS * (double)windows;
}
