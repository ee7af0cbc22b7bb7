/* A picture of training curves: a small panel for each loss. */
#ifndef COMMON_PICTURES_CURVES_H
#define COMMON_PICTURES_CURVES_H

#include "common/pictures/losses-read.h"
#include "common/pictures/picture.h"

/* At least 600 pixels wide; the height follows from the number of panels. picture_png_or_die frees it. */
struct picture *curves_or_die(const struct losses *losses, int width, const char *title);

#endif
