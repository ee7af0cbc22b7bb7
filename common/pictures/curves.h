/* Training curves: a small panel a loss. */
#ifndef COMMON_PICTURES_CURVES_H
#define COMMON_PICTURES_CURVES_H

#include "common/pictures/losses-read.h"
#include "common/pictures/picture.h"

/* At least 600 pixels wide, as high as the panels need. Caller ends the picture with picture_png_or_die. */
struct picture *curves_or_die(const struct losses *losses, int width, const char *title);

#endif
