/* What a key sounds like: the partials of its sound, and how their balance changes while a note lasts. */
#ifndef COMMON_SYNTHESIS_VOICE_H
#define COMMON_SYNTHESIS_VOICE_H

#include "common/synthesis/oscillator.h"

/* The voices' names, separated by '|', as an option's choice. */
#define VOICE_NAMES "sine|gaussian|piano"

enum { PARTIALS = 64 };

/* One sine of a key's sound. */
struct partial {
    double frequency; /* Hz */
    double strength;  /* amplitude at a note's onset, relative to the first partial's */
    double decay;     /* by how much faster than the first partial it fades, 1/s */
};

/* The description's model of an instrument's spectrum: a harmonic of number h > 1 is
 * height * exp(-((h - centre) / width)^2 / 2) times as strong as the first. */
struct bell {
    double height, centre, width;
};

/* Fills in the partials of a key, at most PARTIALS, the first at the key's frequency, all below `highest` Hz;
 * returns their number. Only the voice gaussian asks for the bell. */
typedef size_t voice(struct partial *partials, int key, double highest, const struct bell *bell);

/* One of VOICE_NAMES; NULL for any other. */
voice *voice_named(const char *name);

/* Adds a key of these partials to wave (samples). loudness[t] (frames.count) is the RMS of all partials
 * together in interval t; how it is shared among them follows the time since the note's onset. */
void voice_play(float *wave, struct frames frames, int key, const struct partial *partials, size_t count,
                const float *loudness);

#endif
