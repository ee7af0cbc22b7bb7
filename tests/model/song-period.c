/* The period of music: of clicks to a fraction of a frame, of what does not repeat none. */
#include "kernels/model/sampling/song-period.h"

#include <stdlib.h>

#include "common/memory.h"
#include "common/random.h"
#include "tests/tap.h"

enum { LINES = 3, FRAMES = 500 };

/* A note of two frames each `period` frames, its key by turns. */
static double period_of_clicks(double period, double interval)
{
    float *keys = allocate_or_die(LINES * FRAMES, sizeof *keys);
    for (size_t note = 0; (double)note * period + 1 < FRAMES; note++)
        for (size_t t = 0; t < 2; t++)
            keys[note % LINES * FRAMES + (size_t)round((double)note * period) + t] = 0.5f;
    double found = song_period(keys, LINES, FRAMES, interval);
    free(keys);
    return found;
}

static double period_of_noise(double share)
{
    float *keys = allocate_or_die(LINES * FRAMES, sizeof *keys);
    struct random_key key = random_key_make(1, 2, 3);
    for (uint32_t i = 0; i < LINES * FRAMES; i++) {
        uint32_t bits[4];
        random_block(key, i, bits);
        keys[i] = (double)random_uniform(bits[0]) < share ? random_uniform(bits[1]) : 0;
    }
    double found = song_period(keys, LINES, FRAMES, 0.02);
    free(keys);
    return found;
}

int main(void)
{
    double found = period_of_clicks(50, 0.02);
    ok(fabs(found / 50 - round(found / 50)) < 0.01 && found > 49, "clicks a second apart (%.2f frames)",
       found);
    found = period_of_clicks(61.5, 0.02);
    double periods = round(found / 61.5);
    ok(periods >= 1 && fabs(found / periods - 61.5) < 0.3, "61.5 frames (%.2f)", found);
    found = period_of_clicks(20, 0.02);
    ok(found >= 40 && fabs(found / 20 - round(found / 20)) < 0.02,
       "clicks of 0.4 s: a multiple, at least 0.8 s (%.2f)", found);
    found = period_of_clicks(20, 0.05);
    ok(fabs(found / 20 - round(found / 20)) < 0.02, "frames of 0.05 s (%.2f)", found);
    ok(period_of_noise(0) == 0, "silence has none");
    ok(period_of_noise(0.2) == 0 && period_of_noise(1) == 0, "nor has noise");
    ok(period_of_clicks(300, 0.02) == 0, "nor what comes twice");
    ok(song_period((float[]){1, 0}, 1, 2, 0.02) == 0, "nor two frames");
    return done();
}
