/* A threshold with hysteresis for the notes of a key. */
#include "common/analysis/note-threshold.h"

#include <stdbool.h>
#include <string.h>

enum { PAST_FRAMES = 4 };

/* A note that has reached the threshold lasts while `own` is above this share of it: hysteresis, against
 * notes that flicker. */
static const double LASTING = 0.5;

/* A key whose `own` falls below this share of its value in one of the last frames was released. */
static const float RINGING = 0.3F;

static bool lasts(const float *own, size_t t, double least)
{
    if ((double)own[t] < LASTING * least) return false;
    for (size_t past = 1; past <= PAST_FRAMES && past <= t; past++)
        if (own[t] < RINGING * own[t - past]) return false;
    return true;
}

void note_threshold_apply(float *loudness, const float *own, size_t frames, double least)
{
    size_t begin = 0; /* first frame of the note that may end at t */
    bool reached = false;
    for (size_t t = 0; t <= frames; t++) {
        if (t < frames && lasts(own, t, least)) {
            reached = reached || (double)own[t] >= least;
            continue;
        }
        if (!reached) memset(loudness + begin, 0, (t - begin) * sizeof *loudness);
        if (t < frames) loudness[t] = 0;
        begin = t + 1;
        reached = false;
    }
}
