/* A piano roll: time from left to right, the keys from the lowest at the bottom to the highest, what sounds
 * left in orange, right in blue, on both sides in what the two inks make together. */
#ifndef COMMON_PICTURES_PIANO_ROLL_PICTURE_H
#define COMMON_PICTURES_PIANO_ROLL_PICTURE_H

#include "common/keys/score.h"
#include "common/pictures/picture.h"

/* At least 300 by 200 pixels. `title` and `remarks` are lines above the roll. Caller ends the picture with
 * picture_png_or_die. */
struct picture *piano_roll_picture_or_die(const struct score *score, int width, int height, const char *title,
                                          const char *remarks);

#endif
