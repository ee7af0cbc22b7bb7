/* Onset strength for beats. */
#include "common/beats/beat-onsets.h"

#include <math.h>
#include <stdlib.h>

#include "common/beats/onsets.h"
#include "common/memory.h"

/* Multiples of the beat: 4, 8 and 16 are bars and phrases, which tell it from 3/2 or 3/4 of it. */
static const struct multiple {
    int beats;
    double weight;
} MULTIPLES[] = {{1, 1}, {2, 1}, {3, 0.3}, {4, 1.5}, {8, 1.5}, {12, 0.5}, {16, 1}};
enum { MULTIPLE_COUNT = sizeof MULTIPLES / sizeof *MULTIPLES };

static const double SMOOTHED = 0.02; /* s: a step of this length is smoothed once */

struct beat_onsets beat_onsets_or_die(const struct score *score)
{
    size_t frames = score->parts * score->frames, joined = onsets_joined(score->interval);
    struct beat_onsets onsets = {
        .rows = score->rows, .count = frames / joined, .step = score->interval * (double)joined};
    int turns = (int)fmax(1, round(SMOOTHED * SMOOTHED / (onsets.step * onsets.step)));
    float *line = allocate_or_die(frames, sizeof *line);
    onsets.row = allocate_or_die(onsets.rows * onsets.count, sizeof *onsets.row);
    onsets.strength = allocate_or_die(onsets.count, sizeof *onsets.strength);
    for (size_t k = 0; k < onsets.rows; k++) {
        float *row = onsets.row + k * onsets.count;
        score_line_loudest(score, k, line);
        onsets_add(row, onsets.count, line, joined);
        onsets_smooth(row, onsets.count, turns);
        for (size_t t = 0; t < onsets.count; t++) onsets.strength[t] += row[t];
    }
    onsets_centre(onsets.strength, onsets.count);
    free(line);
    return onsets;
}

void beat_onsets_free(struct beat_onsets *onsets)
{
    free(onsets->row);
    free(onsets->strength);
}

/* correlation (lags) gains that of values (count) less their mean. Most values are 0. */
static void add_row(double *correlation, size_t lags, const float *values, size_t count)
{
    double sum = 0;
    for (size_t t = 0; t < count; t++) {
        double value = (double)values[t];
        size_t most = count - t < lags ? count - t : lags;
        if (values[t] == 0) continue;
        sum += value;
        for (size_t lag = 0; lag < most; lag++) correlation[lag] += value * (double)values[t + lag];
    }
    double mean = sum / (double)count, head = sum, tail = sum; /* of the first and last count - lag values */
    for (size_t lag = 0; lag < lags; lag++) {
        correlation[lag] += mean * (mean * (double)(count - lag) - head - tail);
        head -= (double)values[count - 1 - lag];
        tail -= (double)values[lag];
    }
}

void beat_correlate(double *correlation, size_t lags, const struct beat_onsets *onsets, size_t first,
                    size_t count)
{
    for (size_t lag = 0; lag < lags; lag++) correlation[lag] = 0;
    for (size_t k = 0; k < onsets->rows; k++)
        add_row(correlation, lags, onsets->row + k * onsets->count + first, count);
    double power = lags > 0 ? correlation[0] / (double)count : 0;
    for (size_t lag = 0; lag < lags; lag++)
        correlation[lag] = power > 0 ? correlation[lag] / (double)(count - lag) / power : 0;
}

double beat_regularity(const double *correlation, size_t lags, double period, int most)
{
    double sum = 0, weights = 0;
    for (int m = 0; m < MULTIPLE_COUNT && MULTIPLES[m].beats <= most; m++) {
        double lag = MULTIPLES[m].beats * period, share = lag - floor(lag);
        if (lag >= (double)lags - 1) break;
        const double *two = correlation + (size_t)lag;
        sum += MULTIPLES[m].weight * ((1 - share) * two[0] + share * two[1]);
        weights += MULTIPLES[m].weight;
    }
    return weights > 0 ? sum / weights : 0;
}
