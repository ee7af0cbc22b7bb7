/* The noise that notes begin with. */
#include "common/synthesis/attack.h"

#include <math.h>

#include "common/memory.h"
#include "common/synthesis/band-noise.h"
#include "common/synthesis/onset.h"

/* Above the keys, so that no analysis takes it for one; as far as cymbals go. */
static const struct band BAND = {2000, 6000, 12000};
static const double FADE_SECONDS = 0.005, RISE_SECONDS = 0.0005, LENGTH_SECONDS = 0.035;
static const double LATE = 0.25, LATE_SECONDS = 0.005; /* of a frame; at most */
static const double RISING_SECONDS = 0.08;             /* in which a measured onset rises */
enum { PURPOSE = 16 /* of the random numbers; drums have the first */ };

struct attack attack_or_die(double rate)
{
    size_t settle = BAND.low < rate / 3 ? (size_t)(LENGTH_SECONDS * rate) : 0, length = settle;
    if (length == 0) return (struct attack){0};
    struct attack attack = {allocate_or_die(settle + length, sizeof *attack.noise), length};
    band_noise(attack.noise, settle + length, rate, BAND, PURPOSE);
    for (size_t n = 0; n < length; n++) {
        double age = (double)n / rate, rise = fmin(1, age / RISE_SECONDS);
        attack.noise[n] = (float)((double)attack.noise[settle + n] * rise * exp(-age / FADE_SECONDS));
    }
    return attack;
}

/* The frame in which the onset at `onset` rises most; *rise: by how much it rises in all. */
static size_t steepest(const float *loudness, size_t count, size_t onset, size_t reach, float *rise)
{
    float before = onset > 0 ? loudness[onset - 1] : 0, most = 0, highest = before;
    size_t frame = onset;
    for (size_t t = onset; t < count && t <= onset + reach; t++) {
        float step = loudness[t] - (t > 0 ? loudness[t - 1] : 0);
        if (step > most) most = step, frame = t;
        highest = fmaxf(highest, loudness[t]);
    }
    *rise = highest - before;
    return frame;
}

void attack_add(float *wave, struct frames frames, const struct attack *attack, const float *loudness,
                double share)
{
    size_t samples = frame_start(frames, frames.count);
    size_t reach = (size_t)lround(RISING_SECONDS / frames.seconds);
    struct onset_state note = {0};
    for (size_t t = 0; t < frames.count; t++) {
        if (!onset_follow(&note, t, loudness[t])) continue;
        float rise;
        size_t frame = steepest(loudness, frames.count, t, reach, &rise);
        size_t start =
            frame_start(frames, frame) + (size_t)(fmin(LATE * frames.seconds, LATE_SECONDS) * frames.rate);
        for (size_t n = 0; n < attack->length && start + n < samples; n++)
            wave[start + n] += (float)share * rise * attack->noise[n];
    }
}
