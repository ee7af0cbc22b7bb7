/* Voices: the partials of a key's sound and how their amplitudes change during a note. */
#ifndef COMMON_SYNTHESIS_VOICE_H
#define COMMON_SYNTHESIS_VOICE_H

#include "common/synthesis/oscillator.h"

/* The names of the voices, separated by '|', as the choice of an option. */
#define VOICE_NAMES "sine|gaussian|piano"

enum { PARTIALS = 64 };

/* One sine of a key's sound. */
struct partial {
    double frequency; /* Hz */
    double strength;  /* amplitude at a note's onset, relative to the first partial's */
    double decay;     /* rate by which it decays faster than the first partial, 1/s */
};

/* Of the voice gaussian: harmonic h > 1 is height * exp(-((h - centre) / width)^2 / 2) times as strong as the
 * first, from key 27 on; below, the centre and the width keep their places in hertz. */
struct bell {
    double height, centre, width;
};

/* Fills in the partials of a key, at most PARTIALS, the first at the frequency of the key, all below
 * `highest` Hz; returns their number. Only the voice gaussian uses the bell. */
typedef size_t voice(struct partial *partials, int key, double highest, const struct bell *bell);

/* One of VOICE_NAMES; NULL for any other. */
voice *voice_named(const char *name);

/* Adds the sound of a key with these partials to wave (samples). loudness[t] (frames.count) is the RMS of all
 * partials together in frame t; the balance of the partials depends on the time since the onset. */
void voice_play(float *wave, struct frames frames, int key, const struct partial *partials, size_t count,
                const float *loudness);

#endif
