/* Text to number. */
#include "common/number.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Excludes what strtoll and strtod would take too: leading space, hexadecimal numbers, names like "inf". */
static bool consists_of(const char *text, const char *characters)
{
    return *text && text[strspn(text, characters)] == '\0';
}

bool parse_integer(const char *text, long long *value)
{
    if (!consists_of(text, "+-0123456789")) return false;
    char *end;
    errno = 0;
    long long number = strtoll(text, &end, 10);
    if (errno || end == text || *end) return false;
    *value = number;
    return true;
}

bool parse_real(const char *text, double *value)
{
    if (!consists_of(text, "+-.0123456789eE")) return false;
    char *end;
    double number = strtod(text, &end);
    if (end == text || *end || !isfinite(number)) return false;
    *value = number;
    return true;
}
