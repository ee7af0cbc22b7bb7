/* Hits of a drum. */
#include "common/keys/drum-hits.h"

static const float RISE = 1.6f;
static const double PLACE_MOST = 0.95;
enum { RISING_MOST = 3 /* frames */ };

/* The place in a frame of loudness `now` at which the power of the frame before gives way to that behind. */
static double place_of(double before, double now, double behind)
{
    if (behind <= now) return 0;
    double place = (behind * behind - now * now) / (behind * behind - before * before);
    return place < PLACE_MOST ? place : PLACE_MOST;
}

bool drum_hit_next(struct drum_hit *hit, const float *line, size_t count, float least)
{
    for (size_t t = hit->end; t < count; t++) {
        float before = t > 0 ? line[t - 1] : 0, behind = t + 1 < count ? line[t + 1] : 0;
        if (line[t] < least || line[t] < RISE * before) continue;
        *hit = (struct drum_hit){t, t + 1, place_of(before, line[t], behind), line[t]};
        while (hit->end < count && hit->end < t + RISING_MOST && line[hit->end] > hit->loudness)
            hit->loudness = line[hit->end++];
        return true;
    }
    return false;
}
