/* A picture of a piano roll: time from left to right, keys from the lowest at the bottom to the highest; the
 * left channel orange, the right one blue, both together the product of the two colours. Drums are thin rows
 * below the keys, the low one at the bottom. */
#ifndef COMMON_PICTURES_PIANO_ROLL_PICTURE_H
#define COMMON_PICTURES_PIANO_ROLL_PICTURE_H

#include "common/keys/score.h"
#include "common/pictures/picture.h"

/* At least 300 by 200 pixels. `title` and `remarks` are lines above the roll. picture_png_or_die frees it. */
struct picture *piano_roll_picture_or_die(const struct score *score, int width, int height, const char *title,
                                          const char *remarks);

#endif
