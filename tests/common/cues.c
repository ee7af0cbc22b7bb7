/* Cues of a passage whose every value is known: a triad struck once a second; and what a passage leaves out.
 */
#include "common/judge/cues.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "tests/tap.h"

enum { KEYS = 33, FRAMES = 500, CELLS = KEYS * FRAMES };

static void strike(float *loudness, size_t key, size_t start, size_t length, float left, float right)
{
    for (size_t t = start; t < start + length; t++) {
        loudness[key * FRAMES + t] = left;
        loudness[CELLS + key * FRAMES + t] = right;
    }
}

/* Major triads of 25 frames, 50 frames apart, none cut at the passage's ends. */
static float *triads_or_die(float left, float right)
{
    float *loudness = allocate_or_die(2 * CELLS, sizeof *loudness);
    for (size_t t = 20; t < 450; t += 50)
        for (size_t i = 0; i < 3; i++) strike(loudness, (size_t[]){10, 14, 17}[i], t, 25, left, right);
    return loudness;
}

static void measure_at(double *value, const float *loudness, double interval)
{
    const struct score score = {.keys = {27, 59},
                                .interval = interval,
                                .channels = 2,
                                .rows = KEYS,
                                .pitched = KEYS,
                                .parts = 1,
                                .frames = FRAMES,
                                .loudness = loudness};
    cues_or_die(value, &score, 0);
}

static void measure(double *value, const float *loudness)
{
    measure_at(value, loudness, 0.02);
}

static double cue(const double *value, const char *wanted)
{
    char name[32];
    for (size_t i = 0; i < CUES; i++)
        if (!strcmp(cue_name(i, name, sizeof name), wanted)) return value[i];
    return -INFINITY;
}

static void check_triads(void)
{
    static const struct {
        const char *cue;
        double value;
    } known[] = {{"length-8", 1},
                 {"length-11", -0.6931472}, /* ln 0.5 s */
                 {"length-12", 0},
                 {"gap-5", 1},
                 {"onset-1", 27 / 9.52},
                 {"onset-2", 9 / 9.52},
                 {"grid-8", 1},
                 {"together-3", 1},
                 {"together-5", 1},
                 {"return-2", 0}, /* ln 1 s */
                 {"chord-4", 1.0 / 3},
                 {"chord-5", 1.0 / 3},
                 {"chord-8", 1.0 / 3},
                 {"step-1", 1},
                 {"register-1", (5 + 9 + 12) / 3.0}, /* five keys are left out below */
                 {"voices-4", 225.0 / 476},
                 {"move-5", 0},
                 {"scale-1", 1.5849625}, /* log2 3 */
                 {"scale-2", 1},
                 {"scale-3", 3.0 / 23},
                 {"line-1", 0},
                 {"dynamics-2", 0},
                 {"shape-3", 0},
                 {"side-3", 1},
                 {"side-4", 1.0 / 3}};
    double value[CUES];
    float *loudness = triads_or_die(1, 0.5f);
    measure(value, loudness);
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        double got = cue(value, known[i].cue);
        ok(fabs(got - known[i].value) < 1e-6, "triads: %s is %g", known[i].cue, got);
    }
    ok(cue(value, "return-1") > 0.85, "triads repeat: %g", cue(value, "return-1"));
    free(loudness);
}

/* What must not matter: the scale, the ends, the outermost keys, and what is softer than any gate. */
static void check_blind_spots(void)
{
    double value[CUES], other[CUES];
    float *loudness = triads_or_die(1, 0.5f), *changed = triads_or_die(1, 0.5f);
    measure(value, loudness);
    for (size_t i = 0; i < 2 * CELLS; i++) changed[i] *= 0.125f;
    measure(other, changed);
    ok(!memcmp(value, other, sizeof value), "softer altogether: the same cues");
    for (size_t i = 0; i < 2 * CELLS; i++) changed[i] = loudness[i];
    for (size_t k = 0; k < KEYS; k++) strike(changed, k, 0, 12, 1, 1), strike(changed, k, 488, 12, 1, 1);
    for (size_t k = 0; k < 5; k++)
        strike(changed, k, 0, FRAMES, 1, 1), strike(changed, KEYS - 1 - k, 0, FRAMES, 1, 1);
    strike(changed, 20, 100, 30, 0.14f, 0.1f);
    measure(other, changed);
    ok(!memcmp(value, other, sizeof value), "the ends, the outermost keys and what is faint: the same cues");
    strike(changed, 20, 100, 30, 0.2f, 0.2f);
    measure(other, changed);
    ok(memcmp(value, other, sizeof value) != 0, "... what is not faint is heard");
    free(loudness);
    free(changed);
}

/* The class of lags in which onsets repeat most, from 1 on. */
static int pulse_class(const double *value)
{
    int best = 0;
    double most = 0;
    for (int i = 1; i <= PULSES - 2; i++) {
        char name[32];
        snprintf(name, sizeof name, "pulse-%d", i);
        if (cue(value, name) > most) most = cue(value, name), best = i;
    }
    return best;
}

/* Cues of seconds are those of the record's own frames. */
static void check_intervals(void)
{
    double value[CUES], slow[CUES];
    float *triads = triads_or_die(1, 1), *close = allocate_or_die(2 * CELLS, sizeof *close);
    measure(value, triads);
    measure_at(slow, triads, 0.04);
    ok(fabs(cue(slow, "length-11") - cue(value, "length-11") - log(2)) < 1e-9 &&
           fabs(cue(slow, "return-2") - cue(value, "return-2") - log(2)) < 1e-9 &&
           fabs(2 * cue(slow, "onset-1") - cue(value, "onset-1")) < 1e-9 &&
           cue(slow, "chord-4") == cue(value, "chord-4"),
       "frames twice as long: notes, returns and onsets are twice as far apart, chords are the same");
    for (size_t t = 20; t < 470; t += 25) strike(close, 10, t, 12, 1, 1);
    measure_at(slow, close, 0.04);
    ok(pulse_class(value) == 10 && pulse_class(slow) == 10, "a pulse of 1 s at any interval: %d, %d",
       pulse_class(value), pulse_class(slow));
    measure_at(slow, close, 1);
    ok(cue(slow, "return-1") < 1 || isnan(cue(slow, "return-1")), "long frames: no repetition after no time");
    free(triads);
    free(close);
}

static void check_silence(void)
{
    double value[CUES];
    float *loudness = allocate_or_die(2 * CELLS, sizeof *loudness);
    measure(value, loudness);
    ok(isnan(cue(value, "length-11")) && isnan(cue(value, "chord-1")) && cue(value, "onset-1") == 0 &&
           cue(value, "voices-1") == 1,
       "silence: what is not defined is NaN, what is counted is 0");
    free(loudness);
}

int main(void)
{
    ok(CUES == 133, "as many cues as keys-compare(1) says");
    check_triads();
    check_blind_spots();
    check_intervals();
    check_silence();
    return done();
}
