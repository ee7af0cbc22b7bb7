/* A MIDI song as keys: how loud each key sounds in each interval.
 *
 * A note of velocity v sounds, on each side, with the loudness
 * 0.1 * (v volume expression / 127^3)^2 * sqrt(2) * cos or sin of the pan's angle (General MIDI 2's curves),
 * which falls by exp(-time / decay); the loudness of a key in an interval is the root of the mean over the
 * interval of the sum of its notes' squares. Drums are left out.
 */
#ifndef COMMON_FILES_MIDI_TO_LOUDNESS_H
#define COMMON_FILES_MIDI_TO_LOUDNESS_H

#include "common/files/midi.h"
#include "common/keys/keyboard.h"

struct midi_loudness_settings {
    struct key_range keys; /* notes of other keys are not heard */
    double interval;       /* s */
    double decay;          /* s; 0: notes keep their loudness */
    bool pedal;            /* whether the sustain pedal holds notes */
};

/* True when there is a note of these keys in it. */
bool midi_has_note(const struct midi *midi, struct key_range keys);

struct midi_loudness;

/* Begins the song, which must outlive the converter. */
struct midi_loudness *midi_loudness_new_or_die(const struct midi *midi,
                                               struct midi_loudness_settings settings);

/* The next intervals: loudness (2, keys, intervals), silent after the song's end. */
void midi_loudness_fill(struct midi_loudness *converter, float *loudness, size_t intervals);

void midi_loudness_free(struct midi_loudness *converter);

#endif
