/* Cues of loudness: its range and course, the shape of notes, and the two sides. All in dB or ratios, so that
 * the record's scale does not matter. */
#include <math.h>
#include <stdlib.h>

#include "common/judge/cues.h"
#include "common/memory.h"

/* The slope of y on x by least squares. */
static double slope(const double *x, const double *y, size_t count)
{
    double mx[2], my[2], product = 0;
    cue_moments(mx, x, count);
    cue_moments(my, y, count);
    for (size_t i = 0; i < count; i++) product += (x[i] - mx[0]) * (y[i] - my[0]) / (double)count;
    return mx[1] > 0 ? product / (mx[1] * mx[1]) : NAN;
}

/* Mean and deviation of the notes' levels, and the slope of them on pitch. */
static void note_levels(double *value, const struct cue_input *in)
{
    double *level = allocate_or_die(in->notes + 1, sizeof *level),
           *key = allocate_or_die(in->notes + 1, sizeof *key);
    for (size_t i = 0; i < in->notes; i++) level[i] = in->note[i].level, key[i] = (double)in->note[i].key;
    cue_moments(value, level, in->notes);
    value[2] = slope(key, level, in->notes);
    free(level);
    free(key);
}

/* Notes' levels: mean, deviation, slope on pitch; cells': mean, deviation; of the power of a frame, in dB
 * where it sounds: deviation, and the correlations with the frame 0.1 and 0.5 s later. */
void cues_dynamics(double *value, const struct cue_input *in)
{
    const struct passage *p = in->passage;
    size_t frames = 0, cells = 0;
    double *power = allocate_or_die(p->frames, sizeof *power), moments[2];
    double *cell = allocate_or_die(p->keys * p->frames + 1, sizeof *cell);
    note_levels(value, in);
    for (size_t t = 0; t < p->frames; t++) {
        double sum = 0;
        for (size_t k = 0; k < p->keys; k++) {
            size_t at = k * p->frames + t;
            if (!p->on[at]) continue;
            cell[cells++] = (double)p->level[at];
            sum += pow(10, (double)p->level[at] / 10);
        }
        if (sum > 0) power[frames++] = 10 * log10(sum);
    }
    cue_moments(value + 3, cell, cells);
    cue_moments(moments, power, frames);
    value[5] = moments[1];
    for (size_t i = 0; i < 2; i++) {
        size_t lag = (size_t)round((i ? 0.5 : 0.1) / p->interval);
        double product = 0;
        for (size_t t = 0; t + lag < frames; t++)
            product += (power[t] - moments[0]) * (power[t + lag] - moments[0]) / (double)(frames - lag);
        value[6 + i] = frames > lag && moments[1] > 0 ? product / (moments[1] * moments[1]) : NAN;
    }
    free(power);
    free(cell);
}

/* Of notes of six frames and more: the attack's mean and deviation, the change from the first third to the
 * last, its deviation, and the share that grows louder. */
void cues_shape(double *value, const struct cue_input *in)
{
    double *attack = allocate_or_die(in->notes + 1, sizeof *attack), louder = 0;
    double *change = allocate_or_die(in->notes + 1, sizeof *change);
    size_t count = 0;
    for (size_t i = 0; i < in->notes; i++) {
        if (in->note[i].end - in->note[i].start < 6) continue;
        attack[count] = in->note[i].attack;
        change[count++] = in->note[i].change;
        louder += in->note[i].change > 0;
    }
    cue_moments(value, attack, count);
    cue_moments(value + 2, change, count);
    value[4] = count ? louder / (double)count : NAN;
    free(attack);
    free(change);
}

/* Notes' sides: the shares beyond 0.9, 0.5 and 0.1 to either side, the mean of the balance's size, its
 * deviation (with sign, about the mean), and how much a passage leans to one side. */
void cues_side(double *value, const struct cue_input *in)
{
    static const double beyond[] = {0.9, 0.5, 0.1};
    double *balance = allocate_or_die(in->notes + 1, sizeof *balance), size = 0, moments[2];
    for (size_t i = 0; i < in->notes; i++) {
        balance[i] = in->note[i].balance;
        size += fabs(balance[i]) / (double)in->notes;
        for (size_t j = 0; j < 3; j++) value[j] += fabs(balance[i]) > beyond[j] ? 1 / (double)in->notes : 0;
    }
    cue_moments(moments, balance, in->notes);
    value[3] = size;
    value[4] = moments[1];
    value[5] = fabs(moments[0]);
    for (size_t i = 0; i < SIDES && !in->notes; i++) value[i] = NAN;
    free(balance);
}
