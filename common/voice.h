/* What a key sounds like. */
#ifndef COMMON_VOICE_H
#define COMMON_VOICE_H

#include "common/oscillator.h"

/* The voices' names, separated by '|', as an option's choice. */
#define VOICE_NAMES "sine"

/* Adds one key to wave (samples), given the key's loudness (RMS) in each interval (intervals.count). */
typedef void voice(float *wave, struct intervals intervals, int key, const float *loudness);

/* One of VOICE_NAMES; NULL for any other. */
voice *voice_named(const char *name);

#endif
