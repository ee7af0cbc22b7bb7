/* Drawing by cairo: boxes, lines, text, blending, PNG. */
#include "common/pictures/picture.h"

#include <cairo/cairo.h>
#include <float.h>
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/fail.h"
#include "common/memory.h"
#include "common/program.h"

struct picture {
    cairo_surface_t *surface;
    cairo_t *cairo;
};

static void check_or_die(cairo_status_t status)
{
    if (status != CAIRO_STATUS_SUCCESS) die("cairo: %s", cairo_status_to_string(status));
}

struct picture *picture_new_or_die(int width, int height)
{
    struct picture *picture = allocate_or_die(1, sizeof *picture);
    picture->surface = cairo_image_surface_create(CAIRO_FORMAT_RGB24, width, height);
    picture->cairo = cairo_create(picture->surface);
    check_or_die(cairo_status(picture->cairo));
    cairo_set_line_cap(picture->cairo, CAIRO_LINE_CAP_ROUND);
    cairo_set_line_join(picture->cairo, CAIRO_LINE_JOIN_ROUND);
    picture_box(picture, 0, 0, width, height, (struct colour){1, 1, 1});
    return picture;
}

static void set_colour(struct picture *picture, struct colour colour)
{
    cairo_set_source_rgb(picture->cairo, colour.red, colour.green, colour.blue);
}

void picture_box(struct picture *picture, double x, double y, double width, double height,
                 struct colour colour)
{
    set_colour(picture, colour);
    cairo_rectangle(picture->cairo, x, y, width, height);
    cairo_fill(picture->cairo);
}

static bool is_gap(double x, double y)
{
    return isnan(x) || isnan(y);
}

void picture_line(struct picture *picture, size_t count, const double *x, const double *y, double thickness,
                  struct colour colour)
{
    cairo_new_path(picture->cairo);
    for (size_t i = 0; i < count; i++) {
        bool first = i == 0 || is_gap(x[i - 1], y[i - 1]),
             last = i + 1 == count || is_gap(x[i + 1], y[i + 1]);
        if (is_gap(x[i], y[i])) continue;
        if (first) cairo_move_to(picture->cairo, x[i] - (last ? thickness : 0), y[i]);
        cairo_line_to(picture->cairo, x[i] + (first && last ? thickness : 0), y[i]);
    }
    set_colour(picture, colour);
    cairo_set_line_width(picture->cairo, thickness);
    cairo_stroke(picture->cairo);
}

/* Bytes of the character at `text`; 0 when it is not UTF-8 (RFC 3629). */
static size_t character_length(const unsigned char *text)
{
    static const uint32_t least[] = {0, 0x80, 0x800, 0x10000};
    if (text[0] < 0x80) return 1;
    if (text[0] < 0xC2 || text[0] > 0xF4) return 0;
    int following = text[0] < 0xE0 ? 1 : text[0] < 0xF0 ? 2 : 3;
    uint32_t code = text[0] & (0x3Fu >> following);
    for (int i = 1; i <= following; i++) {
        if ((text[i] & 0xC0) != 0x80) return 0;
        code = code << 6 | (text[i] & 0x3Fu);
    }
    bool surrogate = code >= 0xD800 && code <= 0xDFFF;
    return code >= least[following] && code <= 0x10FFFF && !surrogate ? (size_t)following + 1 : 0;
}

/* Replaces invalid bytes by '?': after a text that is not UTF-8 cairo stops drawing. */
static void make_utf8(char *text)
{
    for (size_t length; *text; text += length) {
        length = character_length((const unsigned char *)text);
        if (length == 0) {
            *text = '?';
            length = 1;
        }
    }
}

static double text_width(struct picture *picture, const char *text)
{
    cairo_text_extents_t extents;
    cairo_text_extents(picture->cairo, text, &extents);
    return extents.x_advance;
}

/* The first `end` bytes, or fewer where a character would be cut, and an ellipsis. Caller frees. */
static char *beginning(const char *text, size_t end)
{
    while (end > 0 && ((unsigned char)text[end] & 0xC0) == 0x80) end--;
    return text_or_die("%.*s\u2026", (int)end, text);
}

/* The text, or its longest beginning that fits into `widest` with an ellipsis. Frees `text`; caller frees the
 * result. */
static char *shortened(struct picture *picture, char *text, double widest)
{
    if (text_width(picture, text) <= widest) return text;
    size_t fits = 0, too_long = strlen(text);
    while (too_long - fits > 1) {
        size_t middle = (fits + too_long) / 2;
        char *shorter = beginning(text, middle);
        if (text_width(picture, shorter) <= widest)
            fits = middle;
        else
            too_long = middle;
        free(shorter);
    }
    char *shorter = beginning(text, fits);
    free(text);
    return shorter;
}

double picture_text(struct picture *picture, double x, double y, double size, enum align align, double widest,
                    struct colour colour, const char *text)
{
    const double capital = 0.72; /* height of capitals over the size of a sans-serif font */
    cairo_select_font_face(picture->cairo, "sans-serif", CAIRO_FONT_SLANT_NORMAL, CAIRO_FONT_WEIGHT_NORMAL);
    cairo_set_font_size(picture->cairo, size);
    set_colour(picture, colour);
    char *shown = text_or_die("%s", text);
    make_printable(shown);
    make_utf8(shown);
    shown = shortened(picture, shown, widest);
    double width = text_width(picture, shown);
    cairo_move_to(picture->cairo, x - width * (int)align / 2, y + capital * size / 2);
    cairo_show_text(picture->cairo, shown);
    free(shown);
    return width;
}

void picture_multiply(struct picture *picture, int x, int y, int width, int height, const float *amount,
                      struct colour ink)
{
    cairo_surface_t *mask = cairo_image_surface_create(CAIRO_FORMAT_A8, width, height);
    check_or_die(cairo_surface_status(mask));
    unsigned char *rows = cairo_image_surface_get_data(mask);
    int stride = cairo_image_surface_get_stride(mask);
    for (int i = 0; i < width; i++) rows[i] = (unsigned char)lrintf(255 * amount[i]);
    for (int row = 1; row < height; row++) memcpy(rows + row * stride, rows, (size_t)width);
    cairo_surface_mark_dirty(mask);
    set_colour(picture, ink);
    cairo_set_operator(picture->cairo, CAIRO_OPERATOR_MULTIPLY);
    cairo_mask_surface(picture->cairo, mask, x, y);
    cairo_set_operator(picture->cairo, CAIRO_OPERATOR_OVER);
    cairo_surface_destroy(mask);
}

struct bytes {
    unsigned char *data;
    size_t size, capacity;
};

static cairo_status_t append(void *closure, const unsigned char *data, unsigned int size)
{
    struct bytes *bytes = closure;
    if (bytes->capacity - bytes->size < size) {
        bytes->capacity = 2 * bytes->capacity + size;
        bytes->data = reallocate_or_die(bytes->data, bytes->capacity, 1);
    }
    memcpy(bytes->data + bytes->size, data, size);
    bytes->size += size;
    return CAIRO_STATUS_SUCCESS;
}

void *picture_png_or_die(struct picture *picture, size_t *size)
{
    struct bytes png = {0};
    check_or_die(cairo_status(picture->cairo));
    check_or_die(cairo_surface_write_to_png_stream(picture->surface, append, &png));
    cairo_destroy(picture->cairo);
    cairo_surface_destroy(picture->surface);
    free(picture);
    *size = png.size;
    return png.data;
}

double axis_step(double length, double most)
{
    double power = fmax(DBL_MIN, pow(10, floor(log10(length / most))));
    for (;; power *= 10)
        for (int i = 0; i < 3; i++) {
            double step = power * (const double[]){1, 2, 5}[i];
            if (length / step <= most) return step;
        }
}
