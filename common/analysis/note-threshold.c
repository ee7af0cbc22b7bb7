/* A threshold with hysteresis for the notes of a key. */
#include "common/analysis/note-threshold.h"

#include <stdbool.h>
#include <string.h>

enum { NEAR_FRAMES = 4 };

/* A note that has reached the threshold lasts while `own` is above this share of it: hysteresis, against
 * notes that flicker. */
static const double LASTING = 0.5;

static bool lasts(const float *own, size_t frames, size_t t, double least, double steepest)
{
    size_t first = t < NEAR_FRAMES ? 0 : t - NEAR_FRAMES;
    size_t last = t + NEAR_FRAMES < frames ? t + NEAR_FRAMES : frames - 1;
    if ((double)own[t] < LASTING * least) return false;
    for (size_t near = first; near <= last; near++)
        if ((double)own[t] < steepest * (double)own[near]) return false;
    return true;
}

void note_threshold_apply(float *loudness, const float *own, size_t frames, double least, double steepest)
{
    size_t begin = 0; /* first frame of the note that may end at t */
    bool reached = false;
    for (size_t t = 0; t <= frames; t++) {
        if (t < frames && lasts(own, frames, t, least, steepest)) {
            reached = reached || (double)own[t] >= least;
            continue;
        }
        if (!reached) memset(loudness + begin, 0, (t - begin) * sizeof *loudness);
        if (t < frames) loudness[t] = 0;
        begin = t + 1;
        reached = false;
    }
}
