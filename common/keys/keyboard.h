/* The keys of a piano: numbers 1 (A0) to 88 (C8); key 49 is A4, 440 Hz; MIDI number = key + 20. */
#ifndef COMMON_KEYS_KEYBOARD_H
#define COMMON_KEYS_KEYBOARD_H

#include <stdbool.h>

enum { KEYBOARD_KEYS = 88, KEY_TO_MIDI = 20 };

/* Rows of a keys record with drums, behind its keys: noise in a low, a middle and a high band. */
enum keyboard_drum { DRUM_LOW, DRUM_MIDDLE, DRUM_HIGH, KEYBOARD_DRUMS };

/* Hz: drum d is the noise from DRUM_LIMITS[d] to DRUM_LIMITS[d + 1]. Its loudness is the root mean square of
 * that band, also where the noise of a high drum goes on above it. */
extern const double DRUM_LIMITS[KEYBOARD_DRUMS + 1];

/* What keys records mean that do not state their facts keys and interval. */
enum { KEYS_FIRST_DEFAULT = 27, KEYS_LAST_DEFAULT = 59 };
#define FRAME_SECONDS_DEFAULT 0.02

struct key_range {
    int first, last; /* 1 <= first <= last <= 88 */
};

/* Frequency in Hz in equal temperament: 440 * 2^((key - 49) / 12). */
double key_frequency(int key);

/* "C4" for key 40, sharps as in "F#4"; into text (at least 4 bytes), which it returns. */
char *key_name(int key, char *text);

bool key_is_black(int key);

/* Parses "27-59"; false when it is not two keys in order within 1-88. */
bool key_range_parse(const char *text, struct key_range *range);

#endif
