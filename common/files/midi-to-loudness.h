/* A MIDI song to the loudness of each key in each frame.
 *
 * A note of velocity v has the loudness 0.1 (v volume expression / 127^3)^2 sqrt(2) cos(pan angle) on the
 * left, with sin on the right (curves of General MIDI 2), which falls by exp(-time / decay). The square of
 * the loudness of a key in a frame is the mean over the frame of the sum of its notes' squares. A drum has a
 * share of that loudness and a decay of its own (midi-drums.h), and rings until it is softer by 60 dB,
 * whatever its note does. */
#ifndef COMMON_FILES_MIDI_TO_LOUDNESS_H
#define COMMON_FILES_MIDI_TO_LOUDNESS_H

#include "common/files/midi.h"
#include "common/keys/keyboard.h"

struct midi_loudness_settings {
    struct key_range keys; /* notes of other keys are left out */
    double interval;       /* length of a frame, s */
    double decay;          /* s; 0: notes keep their loudness */
    bool pedal;            /* whether the sustain pedal holds notes */
    bool drums;            /* three rows of drums behind those of the keys; otherwise they are left out */
};

/* True when the song has a note of these keys, or, where they are wanted, of drums. */
bool midi_has_note(const struct midi *midi, struct midi_loudness_settings settings);

/* Rows of the loudness: keys and drums. */
size_t midi_loudness_rows(struct midi_loudness_settings settings);

struct midi_loudness;

/* Begins at the start of the song, which must outlive the result. */
struct midi_loudness *midi_loudness_new_or_die(const struct midi *midi,
                                               struct midi_loudness_settings settings);

/* loudness (2, rows, frames) of the next frames; 0 after the end of the song. */
void midi_loudness_fill(struct midi_loudness *converter, float *loudness, size_t frames);

void midi_loudness_free(struct midi_loudness *converter);

#endif
