/* Text to number: the whole text, without overflow, NaN or infinity. False leaves the variable as it is. */
#ifndef COMMON_NUMBER_H
#define COMMON_NUMBER_H

#include <stdbool.h>

bool parse_integer(const char *text, long long *value);
bool parse_real(const char *text, double *value);

#endif
