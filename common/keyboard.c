#include "common/keyboard.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "common/number.h"

double key_frequency(int key)
{
    return 440.0 * exp2((key - 49) / 12.0);
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
