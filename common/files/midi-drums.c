/* Drums of General MIDI. */
#include "common/files/midi-drums.h"

/* Kinds of sounds. */
static const struct midi_drum KICK = {DRUM_LOW, 0.7, 0.05}, FLOOR_TOM = {DRUM_LOW, 0.45, 0.16};
static const struct midi_drum SNARE = {DRUM_MIDDLE, 0.7, 0.05}, TOM = {DRUM_MIDDLE, 0.5, 0.1};
static const struct midi_drum STICK = {DRUM_MIDDLE, 0.3, 0.04}, BLOCK = {DRUM_MIDDLE, 0.5, 0.04};
static const struct midi_drum HAT = {DRUM_HIGH, 0.06, 0.04}, OPEN_HAT = {DRUM_HIGH, 0.05, 0.25};
static const struct midi_drum CRASH = {DRUM_HIGH, 0.15, 0.34}, RIDE = {DRUM_HIGH, 0.04, 0.06};
static const struct midi_drum SHAKER = {DRUM_HIGH, 0.15, 0.05}, BELL = {DRUM_HIGH, 0.1, 0.26};

/* By the numbers of General MIDI and, below 35 and above 81, of its second edition. */
struct midi_drum midi_drum_of(int number)
{
    switch (number) {
    case 35:
    case 36: return KICK;
    case 41:
    case 43:
    case 86:
    case 87: return FLOOR_TOM;
    case 38:
    case 40: return SNARE;
    case 45:
    case 47:
    case 48:
    case 50: return TOM;
    case 37:
    case 39: return STICK;
    case 42:
    case 44: return HAT;
    case 46: return OPEN_HAT;
    case 49:
    case 52:
    case 55:
    case 57: return CRASH;
    case 51:
    case 53:
    case 59: return RIDE;
    case 54:
    case 69:
    case 70:
    case 73:
    case 74:
    case 80:
    case 82: return SHAKER;
    case 58:
    case 81:
    case 83:
    case 84: return BELL;
    default: return BLOCK;
    }
}

int midi_drum_number(enum keyboard_drum drum)
{
    static const int numbers[KEYBOARD_DRUMS] = {36, 38, 42};
    return numbers[drum];
}
