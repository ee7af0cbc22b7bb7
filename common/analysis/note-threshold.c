#include "common/analysis/note-threshold.h"

#include <stdbool.h>
#include <string.h>

enum { PAST_FRAMES = 4 };

/* A note lasts down to this share of the threshold that it must reach once: who hovers at it does not
 * flicker. */
static const double LASTING = 0.5;

/* What falls below this share of its recent past has been let go of, and rings on. */
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
    size_t begin = 0; /* of what may be a note */
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
