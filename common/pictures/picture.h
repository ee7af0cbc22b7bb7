/* PNG pictures drawn by cairo. Coordinates are in pixels from the upper left corner. */
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

/* A line through the points (count). A point that is NaN leaves a gap; a point between two gaps becomes a
 * dash. */
void picture_line(struct picture *picture, size_t count, const double *x, const double *y, double thickness,
                  struct colour colour);

/* `text` with its left end, middle or right end at x and the middle of its capitals at y; capitals are about
 * 0.7 `size` high. Text wider than `widest` ends in an ellipsis; bytes that are not UTF-8 become question
 * marks. Returns the width. */
double picture_text(struct picture *picture, double x, double y, double size, enum align align, double widest,
                    struct colour colour, const char *text);

/* Multiply blending, as of ink on paper: in column i of the box each colour component is multiplied by
 * 1 - amount[i] (1 - ink). amount (width): 0 changes nothing, 1 makes white the colour of the ink. The order
 * of calls makes no difference. */
void picture_multiply(struct picture *picture, int x, int y, int width, int height, const float *amount,
                      struct colour ink);

/* Encodes the picture as PNG, *size bytes, and frees it. Caller frees the bytes. */
void *picture_png_or_die(struct picture *picture, size_t *size);

/* The distance of marks on an axis: 1, 2 or 5 times a power of ten, such that `length` has at most `most` of
 * them. */
double axis_step(double length, double most);

#endif
