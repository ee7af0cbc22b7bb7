/* The tempo of a score. */
#include "common/beats/tempo.h"

#include <math.h>
#include <stdlib.h>

#include "common/beats/onsets.h"
#include "common/memory.h"

static const double SLOWEST = 40, FASTEST = 240; /* beats a minute */
static const double STEP_MOST = 0.1;
static const double PRIOR_PERIOD = 0.5, PRIOR_OCTAVES = 0.9; /* s; deviation */
/* Of the power of the onsets: random notes reach 0.33 with three correlations and the prior, windows of ten
 * seconds of songs 0.5 to 1.8. */
static const double CLEAR = 0.4;
enum { STEPS_MOST = 60000, BEATS = 6 /* of which the correlation is looked at */ };

/* Onset strength over time, summed over the rows of all channels. */
struct onsets {
    float *strength; /* (count), of mean 0 */
    size_t count;
    double step; /* s */
};

static struct onsets onsets_or_die(const struct score *score)
{
    size_t frames = score->parts * score->frames, joined = onsets_joined(score->interval);
    struct onsets onsets = {.count = frames / joined, .step = score->interval * (double)joined};
    if (onsets.count > STEPS_MOST) onsets.count = STEPS_MOST;
    onsets.strength = allocate_or_die(onsets.count, sizeof *onsets.strength);
    float *line = allocate_or_die(frames, sizeof *line);
    for (size_t channel = 0; channel < score->channels; channel++)
        for (size_t row = 0; row < score->rows; row++) {
            score_line(score, channel, row, line);
            onsets_add(onsets.strength, onsets.count, line, joined);
        }
    free(line);
    onsets_centre(onsets.strength, onsets.count);
    onsets_smooth(onsets.strength, onsets.count, 2);
    return onsets;
}

/* correlation (lags), of lag 0 on, each over the products that there are. */
static void autocorrelate(float *correlation, size_t lags, const struct onsets *onsets)
{
    for (size_t lag = 0; lag < lags && lag < onsets->count; lag++) {
        double sum = 0;
        for (size_t t = lag; t < onsets->count; t++)
            sum += (double)onsets->strength[t] * (double)onsets->strength[t - lag];
        correlation[lag] = (float)(sum / (double)onsets->count);
    }
}

/* The correlation at a lag between two steps. */
static double correlation_at(const float *correlation, double lag)
{
    double share = lag - floor(lag);
    const float *at = correlation + (size_t)lag;
    return (1 - share) * (double)at[0] + share * (double)at[1];
}

/* The period, in steps, that the beat most likely has; 0 when none is clear. A beat is told from one and a
 * half of it, or three quarters, by the bars: two and four of it, or three and six. */
static double likeliest_period(const float *correlation, double step)
{
    const double finer = 1.003; /* six of the period are then right to a step */
    double best = 0, most = 0;
    for (double period = fmax(2, 60 / FASTEST / step); period <= 60 / SLOWEST / step; period *= finer) {
        double multiples[BEATS + 1], octaves = log2(period * step / PRIOR_PERIOD) / PRIOR_OCTAVES;
        for (int m = 1; m <= BEATS; m++) multiples[m] = correlation_at(correlation, m * period);
        double bars = fmax(multiples[2] + multiples[4], multiples[3] + multiples[6]);
        double strength = exp(-0.5 * octaves * octaves) * (multiples[1] + bars);
        if (strength > most) most = strength, best = period;
    }
    return most >= CLEAR * (double)correlation[0] ? best : 0;
}

double tempo_or_die(const struct score *score, double standard)
{
    if (score->interval > STEP_MOST) return standard;
    struct onsets onsets = onsets_or_die(score);
    size_t lags = (size_t)ceil(BEATS * 60 / SLOWEST / onsets.step) + 2;
    float *correlation = allocate_or_die(lags, sizeof *correlation);
    autocorrelate(correlation, lags, &onsets);
    double period = likeliest_period(correlation, onsets.step);
    double tempo = period > 0 ? 60 / (onsets_period_near(onsets.strength, onsets.count, period) * onsets.step)
                              : standard;
    free(correlation);
    free(onsets.strength);
    return fmin(FASTEST, fmax(SLOWEST, tempo));
}
