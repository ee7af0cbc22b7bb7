/* Text to number, whole and checked: no trailing text, no overflow, no NaN or infinity. */
#ifndef COMMON_NUMBER_H
#define COMMON_NUMBER_H

#include <stdbool.h>

bool parse_integer(const char *text, long long *value);
bool parse_real(const char *text, double *value);

#endif
