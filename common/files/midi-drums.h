/* Drums of General MIDI: what the notes of channel 10 are among the three drums of a keys record. */
#ifndef COMMON_FILES_MIDI_DRUMS_H
#define COMMON_FILES_MIDI_DRUMS_H

#include "common/keys/keyboard.h"

struct midi_drum {
    enum keyboard_drum drum;
    double share; /* loudness at its beginning, in the band of the drum: that of a key, at the same velocity,
                     is 1 */
    double decay; /* s in which it falls to 1/e */
};

/* The drum of a note number: kicks and floor toms are low; snares, toms, claps, blocks and hand drums middle;
 * hats, cymbals, shakers and small bells high. Shares and decays are rounded from those of the soundfont
 * TimGM6mb, measured in the bands, with a key's loudness as midi-to-keys has it. */
struct midi_drum midi_drum_of(int number);

/* The note that stands for a drum: bass drum, snare, closed hat. */
int midi_drum_number(enum keyboard_drum drum);

#endif
