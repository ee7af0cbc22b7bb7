/* A type of options: a number, or the word auto for one that the program finds by itself. */
#ifndef COMMON_OPTION_AUTO_H
#define COMMON_OPTION_AUTO_H

#include "common/option.h"

/* double, within the range of its row, which is above 0; 0 means auto. */
extern const struct option_type option_auto;
#define OPTION_AUTO (&option_auto)

#endif
