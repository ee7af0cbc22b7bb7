/* Drums of General MIDI. */
#include "common/files/midi-drums.h"

/* Kinds of sounds. */
static const struct midi_drum KICK = {DRUM_LOW, 0.7, 0.06}, TOM = {DRUM_LOW, 0.5, 0.18};
static const struct midi_drum SNARE = {DRUM_MIDDLE, 0.5, 0.06}, BLOCK = {DRUM_MIDDLE, 0.4, 0.04};
static const struct midi_drum CLICK = {DRUM_HIGH, 0.3, 0.03}, SHAKER = {DRUM_HIGH, 0.15, 0.05};
static const struct midi_drum HAT = {DRUM_HIGH, 0.1, 0.05}, OPEN_HAT = {DRUM_HIGH, 0.1, 0.24};
static const struct midi_drum CRASH = {DRUM_HIGH, 0.15, 0.34}, RIDE = {DRUM_HIGH, 0.05, 0.1};

/* By the numbers of General MIDI and, below 35 and above 81, of its second edition. */
struct midi_drum midi_drum_of(int number)
{
    switch (number) {
    case 35:
    case 36: return KICK;
    case 41:
    case 43:
    case 45:
    case 47: return TOM;
    case 37:
    case 38:
    case 39:
    case 40:
    case 48:
    case 50: return SNARE;
    case 42:
    case 44: return HAT;
    case 46: return OPEN_HAT;
    case 49:
    case 52:
    case 55:
    case 57:
    case 58:
    case 81: return CRASH;
    case 51:
    case 53:
    case 59: return RIDE;
    case 71:
    case 73:
    case 74:
    case 75: return CLICK;
    case 54:
    case 69:
    case 70:
    case 72:
    case 80:
    case 82:
    case 83:
    case 84: return SHAKER;
    case 86:
    case 87: return TOM;
    default: return BLOCK;
    }
}

int midi_drum_number(enum keyboard_drum drum)
{
    static const int numbers[KEYBOARD_DRUMS] = {36, 38, 42};
    return numbers[drum];
}
