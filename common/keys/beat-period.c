/* The period of the beat: each row correlates with itself, and all rows decide together. */
#include "common/keys/beat-period.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/keys/beats.h"
#include "common/keys/onsets.h"
#include "common/memory.h"

/* How much the correlation at multiples of the beat counts: bars and phrases tell it from 3/2 or 3/4 of it.
 */
static const struct multiple {
    int beats;
    double weight;
} MULTIPLES[] = {{1, 1}, {2, 1}, {3, 0.3}, {4, 1.5}, {8, 1.5}, {12, 0.5}, {16, 1}};
enum { MULTIPLE_COUNT = sizeof MULTIPLES / sizeof *MULTIPLES, MULTIPLE_MOST = 16 };

static const double FINER = 0.0004;  /* s from one candidate to the next: 6.4 ms in 16 beats */
static const double SMOOTHED = 0.02; /* s: a step of this length is smoothed once */
static const double CLEAR = 0.12;    /* of the power of the onsets */

/* correlation (lags) gains that of values (count) less their mean. Most values are 0. */
static void correlate(double *correlation, size_t lags, const float *values, size_t count)
{
    double sum = 0;
    for (size_t t = 0; t < count; t++) {
        double value = (double)values[t];
        size_t most = count - t < lags ? count - t : lags;
        if (values[t] == 0) continue;
        sum += value;
        for (size_t lag = 0; lag < most; lag++) correlation[lag] += value * (double)values[t + lag];
    }
    double mean = sum / (double)count, head = sum,
           tail = sum; /* of the first and the last count - lag values */
    for (size_t lag = 0; lag < lags; lag++) {
        correlation[lag] += mean * (mean * (double)(count - lag) - head - tail);
        head -= (double)values[count - 1 - lag];
        tail -= (double)values[lag];
    }
}

static double correlation_at(const double *correlation, double lag)
{
    double share = lag - floor(lag);
    const double *at = correlation + (size_t)lag;
    return (1 - share) * at[0] + share * at[1];
}

/* The mean correlation at those multiples of the period that are below `lags` - 1; 0 where there is none. */
static double regularity(const double *correlation, size_t lags, double period)
{
    double sum = 0, weights = 0;
    for (int m = 0; m < MULTIPLE_COUNT; m++) {
        double lag = MULTIPLES[m].beats * period;
        if (lag >= (double)lags - 1) break;
        sum += MULTIPLES[m].weight * correlation_at(correlation, lag);
        weights += MULTIPLES[m].weight;
    }
    return weights > 0 ? sum / weights : 0;
}

static double likeliest_period(double *correlation, size_t lags, size_t count, double step)
{
    double best = 0, most = (getenv("DEBUG2")?0:CLEAR) * correlation[0] / (double)count;
    for (size_t lag = 0; lag < lags; lag++) correlation[lag] /= (double)(count - lag);
    if(getenv("DEBUG2")){double mm=0;for (int i = 0; BEAT_SHORTEST + i * FINER < BEAT_LONGEST; i++) mm=fmax(mm,regularity(correlation,lags,(BEAT_SHORTEST + i * FINER)/step)); fprintf(stderr,"reg %.4f\n",mm/correlation[0]);}
    for (int i = 0; BEAT_SHORTEST + i * FINER < BEAT_LONGEST; i++) {
        double period = (BEAT_SHORTEST + i * FINER) / step, regular = regularity(correlation, lags, period);
        if (regular > most) most = regular, best = period;
    }
    if(getenv("DEBUG2")) fprintf(stderr,"reg %.4f\n",most/correlation[0]);
    return best;
}

struct beat_onsets beat_onsets_or_die(const struct score *score)
{
    size_t frames = score->parts * score->frames, joined = onsets_joined(score->interval);
    struct beat_onsets onsets = {.count = frames / joined, .step = score->interval * (double)joined};
    int turns = (int)fmax(1, round(SMOOTHED * SMOOTHED / (onsets.step * onsets.step)));
    size_t lags = (size_t)ceil(MULTIPLE_MOST * BEAT_LONGEST / onsets.step) + 2;
    if (lags > onsets.count / 2) lags = onsets.count / 2; /* so that each is a mean of many products */
    double *correlation = allocate_or_die(lags + 1, sizeof *correlation);
    float *line = allocate_or_die(frames, sizeof *line),
          *rises = allocate_or_die(onsets.count, sizeof *rises);
    onsets.strength = allocate_or_die(onsets.count, sizeof *onsets.strength);
    for (size_t row = 0; row < score->rows; row++) {
        score_line_loudest(score, row, line);
        for (size_t t = 0; t < onsets.count; t++) rises[t] = 0;
        onsets_add(rises, onsets.count, line, joined);
        onsets_smooth(rises, onsets.count, turns);
        if (lags > 0) correlate(correlation, lags, rises, onsets.count);
        for (size_t t = 0; t < onsets.count; t++) onsets.strength[t] += rises[t];
    }
    onsets_centre(onsets.strength, onsets.count);
    if (lags > 0) onsets.period = likeliest_period(correlation, lags, onsets.count, onsets.step);
    free(rises);
    free(line);
    free(correlation);
    return onsets;
}
