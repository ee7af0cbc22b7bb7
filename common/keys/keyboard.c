/* The keys of a piano: frequencies, names, ranges. */
#include "common/keys/keyboard.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "common/number.h"

const double DRUM_LIMITS[] = {40, 130, 3000, 6000};

double key_frequency(int key)
{
    return 440.0 * exp2((key - 49) / 12.0);
}

/* Key 4 is C1, so (key + 8) / 12 is the octave and (key + 8) % 12 the pitch class, C being 0. */
char *key_name(int key, char *text)
{
    const char *names = "C C#D D#E F F#G G#A A#B ";
    const char *name = names + (key + 8) % 12 * 2;
    sprintf(text, name[1] == '#' ? "%.2s%d" : "%.1s%d", name, (key + 8) / 12);
    return text;
}

bool key_is_black(int key)
{
    char name[4];
    return key_name(key, name)[1] == '#';
}

static bool key_parse(const char *text, int *key)
{
    long long number;
    if (!isdigit((unsigned char)*text) || !parse_integer(text, &number)) return false;
    if (number < 1 || number > KEYBOARD_KEYS) return false;
    *key = (int)number;
    return true;
}

bool key_range_parse(const char *text, struct key_range *range)
{
    char first[8];
    const char *hyphen = strchr(text, '-');
    if (!hyphen || hyphen - text >= (long)sizeof first) return false;
    snprintf(first, sizeof first, "%.*s", (int)(hyphen - text), text);
    struct key_range parsed;
    if (!key_parse(first, &parsed.first) || !key_parse(hyphen + 1, &parsed.last)) return false;
    if (parsed.first > parsed.last) return false;
    *range = parsed;
    return true;
}
