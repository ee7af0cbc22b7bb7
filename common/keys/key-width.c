/* The width of a key's frequency band. */
#include "common/keys/key-width.h"

#include <math.h>
#include <string.h>

#include "common/keys/keyboard.h"
#include "common/number.h"

bool key_width_parse(const char *text, struct key_width *width)
{
    char number[32];
    size_t length = strlen(text);
    if (length < 3 || length - 2 >= sizeof number) return false;
    const char *unit = text + length - 2;
    memcpy(number, text, length - 2);
    number[length - 2] = 0;
    width->semitones = strcmp(unit, "st") == 0;
    return (width->semitones || strcmp(unit, "Hz") == 0) && parse_real(number, &width->value) &&
           width->value > 0;
}

double key_sigma(struct key_width width, int key)
{
    return width.semitones ? key_frequency(key) * (exp2(width.value / 12) - 1) : width.value;
}
