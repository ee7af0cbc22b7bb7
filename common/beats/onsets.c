/* Onset strength. */
#include "common/beats/onsets.h"

#include <complex.h>
#include <math.h>

static const double STEP_LEAST = 0.01; /* s */
enum { HARMONICS = 4 };

size_t onsets_joined(double interval)
{
    return (size_t)fmax(1, floor(STEP_LEAST / interval * (1 + 1e-9)));
}

void onsets_add(float *strength, size_t count, const float *line, size_t joined)
{
    for (size_t t = 0; t < count * joined; t++)
        strength[t / joined] += fmaxf(0, sqrtf(line[t]) - (t > 0 ? sqrtf(line[t - 1]) : 0));
}

void onsets_centre(float *strength, size_t count)
{
    double mean = 0;
    for (size_t t = 0; t < count; t++) mean += (double)strength[t] / (double)count;
    for (size_t t = 0; t < count; t++) strength[t] -= (float)mean;
}

void onsets_smooth(float *strength, size_t count, int turns)
{
    for (int turn = 0; turn < turns; turn++) {
        float before = 0;
        for (size_t t = 0; t < count; t++) {
            float now = strength[t], behind = t + 1 < count ? strength[t + 1] : 0;
            strength[t] = 0.5f * now + 0.25f * (before + behind);
            before = now;
        }
    }
}

/* The power at `frequency`, turns a step, and its multiples. */
static double power_at(const float *strength, size_t count, double frequency)
{
    double power = 0;
    for (int h = 1; h <= HARMONICS; h++) {
        double complex turn = cexp(-2 * M_PI * I * h * frequency), phase = 1, sum = 0;
        for (size_t t = 0; t < count; t++, phase *= turn) sum += (double)strength[t] * phase;
        power += creal(sum * conj(sum));
    }
    return power;
}

/* The grid is fine enough for the highest multiple to turn by an eighth from the first step to the last;
 * between its points lies the top of the parabola through three. */
double onsets_period_near(const float *strength, size_t count, double period)
{
    double grid = 1.0 / (8 * HARMONICS * (double)count), best = 1 / period, most = 0;
    for (double f = 0.98 / period; f <= 1.02 / period; f += grid) {
        double power = power_at(strength, count, f);
        if (power > most) most = power, best = f;
    }
    double below = power_at(strength, count, best - grid), above = power_at(strength, count, best + grid);
    double bend = 2 * most - below - above;
    if (below < most && above < most) best += grid * (above - below) / (2 * bend);
    return 1 / best;
}
