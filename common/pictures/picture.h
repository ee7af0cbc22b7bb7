/* Pictures in PNG, drawn by cairo. Places and sizes are in pixels from the upper left corner. */
#ifndef COMMON_PICTURES_PICTURE_H
#define COMMON_PICTURES_PICTURE_H

#include <stddef.h>

struct colour {
    double red, green, blue; /* 0-1 */
};

enum align { ALIGN_LEFT, ALIGN_MIDDLE, ALIGN_RIGHT };

struct picture;

/* White all over; at most 32767 pixels wide or high. */
struct picture *picture_new_or_die(int width, int height);

void picture_box(struct picture *picture, double x, double y, double width, double height,
                 struct colour colour);

/* The points (count) joined by lines; a point that is NaN leaves a gap, one between gaps is a dash. */
void picture_line(struct picture *picture, size_t count, const double *x, const double *y, double thickness,
                  struct colour colour);

/* `text` so that x is at its left end, middle or right end, and y at the middle of its capitals, which are
 * about 0.7 `size` high. Text wider than `widest` is cut and ends in an ellipsis; what is no UTF-8 becomes a
 * question mark. Returns its width. */
double picture_text(struct picture *picture, double x, double y, double size, enum align align, double widest,
                    struct colour colour, const char *text);

/* Paints as ink on paper does: in column i of the box each colour is multiplied by 1 - amount[i] (1 - ink).
 * amount (width): 0 leaves what is there, 1 covers white. In which order inks come makes no difference. */
void picture_multiply(struct picture *picture, int x, int y, int width, int height, const float *amount,
                      struct colour ink);

/* The PNG, *size bytes; caller frees. Frees the picture. */
void *picture_png_or_die(struct picture *picture, size_t *size);

/* The distance of an axis' marks: 1, 2 or 5 times a power of ten, so that `length` has at most `most`. */
double axis_step(double length, double most);

#endif
