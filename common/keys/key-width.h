/* The width of a key's frequency band: the standard deviation sigma of its Gaussian mask. */
#ifndef COMMON_KEYS_KEY_WIDTH_H
#define COMMON_KEYS_KEY_WIDTH_H

#include <stdbool.h>

/* sigma of key n, whose frequency is f_n: `value` Hz, or with `semitones` f_n * (2^(value / 12) - 1). */
struct key_width {
    double value;
    bool semitones;
};

/* Parses "12.5Hz" or "0.25st"; false when it is neither, or not above 0. */
bool key_width_parse(const char *text, struct key_width *width);

/* sigma in Hz. */
double key_sigma(struct key_width width, int key);

#endif
