/* Training curves. */
#include "common/pictures/curves.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/memory.h"

static const struct colour TEXT = {0.1, 0.1, 0.1}, FAINT = {0.4, 0.4, 0.4}, GRID = {0.85, 0.85, 0.85};
static const struct colour GENERATOR = {0, 0.35, 0.8}, DISCRIMINATOR = {0.85, 0.33, 0},
                           OTHER = {0.3, 0.3, 0.3};

/* Background by phase: blue and orange while the generator or the discriminator is trained alone, white for
 * both. */
static const struct colour phase_colours[PHASES_MOST] = {
    {0.85, 0.92, 1}, {1, 0.9, 0.8},   {1, 1, 1},          {0.88, 0.97, 0.86},
    {0.93, 0.88, 1}, {1, 0.97, 0.78}, {0.85, 0.97, 0.97}, {0.93, 0.93, 0.93}};

enum {
    MARGIN = 16,
    HEADER = 62,
    PANEL_LEAST = 280, /* width with margin */
    PANEL_HIGH = 168,
    AXIS = 46,  /* width of the numbers beside a curve */
    ABOVE = 22, /* height of the name */
    BELOW = 26, /* height of the epochs */
    LETTERS = 12,
    NUMBERS = 10
};

/* The panel of a loss: the rectangle of its curve, in pixels, and the epochs and values at the edges. */
struct panel {
    struct picture *picture;
    const struct losses *losses;
    const double *values; /* (epochs) */
    double x, y, width, height;
    double first, last; /* epochs at the left and right edge */
    bool logarithmic;
    double low, high; /* values, or their logarithms, at the lower and upper edge */
};

static double x_of(const struct panel *panel, double epoch)
{
    return panel->x + (epoch - panel->first) / (panel->last - panel->first) * panel->width;
}

static double y_of(const struct panel *panel, double value)
{
    double place = panel->logarithmic ? log10(value) : value;
    return panel->y + (panel->high - place) / (panel->high - panel->low) * panel->height;
}

/* From the least to the largest value with a margin; logarithmic where the largest is 100 times the least. */
static void set_scale(struct panel *panel)
{
    double low = INFINITY, high = -INFINITY;
    for (size_t i = 0; i < panel->losses->epochs; i++) {
        low = fmin(low, panel->values[i]);
        high = fmax(high, panel->values[i]);
    }
    if (low > high) low = high = 0;
    panel->logarithmic = low > 1e-100 && high >= 100 * low;
    if (panel->logarithmic) low = log10(low), high = log10(high);
    double size = fmax(fabs(low), fabs(high)), range = high - low;
    double margin = range > 1e-9 * size && size > 1e-100 ? 0.06 * range : size > 1e-100 ? 0.1 * size : 1;
    panel->low = low - margin;
    panel->high = high + margin;
}

static void draw_phases(const struct panel *panel)
{
    const struct losses *losses = panel->losses;
    for (size_t begin = 0, end; begin < losses->epochs; begin = end) {
        for (end = begin; end < losses->epochs && losses->phase[end] == losses->phase[begin];) end++;
        double left = begin ? x_of(panel, losses->epoch[begin] - 0.5) : panel->x;
        double right = end < losses->epochs ? x_of(panel, losses->epoch[end] - 0.5) : panel->x + panel->width;
        picture_box(panel->picture, left, panel->y, right - left, panel->height,
                    phase_colours[losses->phase[begin]]);
    }
}

static void draw_axes(const struct panel *panel)
{
    char text[32];
    double step = axis_step(panel->high - panel->low, 4.5);
    if (panel->logarithmic) step = ceil(step);
    for (double i = ceil(panel->low / step); i * step <= panel->high; i++) {
        double value = panel->logarithmic ? pow(10, i * step) : i * step + 0.0, y = floor(y_of(panel, value));
        snprintf(text, sizeof text, "%.4g", value);
        picture_box(panel->picture, panel->x, y, panel->width, 1, GRID);
        picture_text(panel->picture, panel->x - 5, y, NUMBERS, ALIGN_RIGHT, AXIS, FAINT, text);
    }
    step = fmax(1, axis_step(panel->last - panel->first, panel->width / 45));
    for (double i = ceil(panel->first / step); i * step <= panel->last; i++) {
        double x = floor(x_of(panel, i * step)), y = panel->y + panel->height;
        snprintf(text, sizeof text, "%.6g", i * step);
        picture_box(panel->picture, x, y, 1, 4, FAINT);
        picture_text(panel->picture, x, y + 11, NUMBERS, ALIGN_MIDDLE, AXIS, FAINT, text);
    }
    picture_text(panel->picture, panel->x - 5, panel->y + panel->height + 11, NUMBERS, ALIGN_RIGHT, AXIS,
                 FAINT, "epoch");
    double right = panel->x + panel->width + 0.5, bottom = panel->y + panel->height + 0.5;
    picture_line(panel->picture, 5, (double[]){panel->x - 0.5, right, right, panel->x - 0.5, panel->x - 0.5},
                 (double[]){panel->y - 0.5, panel->y - 0.5, bottom, bottom, panel->y - 0.5}, 1, GRID);
}

/* Of the epochs in one column of pixels only the least and the largest value are drawn: fast for thousands of
 * epochs, without losing a peak. */
static void draw_curve(const struct panel *panel, struct colour colour)
{
    const struct losses *losses = panel->losses;
    double *x = allocate_or_die(2 * losses->epochs, sizeof *x),
           *y = allocate_or_die(2 * losses->epochs, sizeof *y);
    size_t points = 0;
    for (size_t i = 0, end; i < losses->epochs; i = end) {
        double column = x_of(panel, losses->epoch[i]), low = panel->values[i], high = low;
        for (end = i + 1; end < losses->epochs && !isnan(low); end++) {
            if (floor(x_of(panel, losses->epoch[end])) != floor(column) || isnan(panel->values[end])) break;
            low = fmin(low, panel->values[end]);
            high = fmax(high, panel->values[end]);
        }
        x[points] = x[points + 1] = column;
        y[points] = y_of(panel, low);
        y[points + 1] = y_of(panel, high);
        points += high > low ? 2 : 1;
    }
    picture_line(panel->picture, points, x, y, 1.5, colour);
    free(x);
    free(y);
}

/* The name, and the last value that is not NaN. */
static void draw_name(const struct panel *panel, const char *name, struct colour colour)
{
    double last = NAN;
    char text[32];
    for (size_t i = 0; i < panel->losses->epochs; i++)
        if (!isnan(panel->values[i])) last = panel->values[i];
    snprintf(text, sizeof text, isnan(last) ? "none" : "%.4g", last);
    double right = panel->x + panel->width, y = panel->y - 12;
    double width = picture_text(panel->picture, right, y, LETTERS, ALIGN_RIGHT, 100, colour, text);
    picture_text(panel->picture, panel->x, y, LETTERS, ALIGN_LEFT, panel->width - width - 8, TEXT, name);
}

static void draw_panel(struct panel *panel, const char *name)
{
    struct colour colour = strncmp(name, "g_", 2) == 0   ? GENERATOR
                           : strncmp(name, "d_", 2) == 0 ? DISCRIMINATOR
                                                         : OTHER;
    set_scale(panel);
    draw_phases(panel);
    draw_axes(panel);
    draw_curve(panel, colour);
    draw_name(panel, name, colour);
}

/* The phases with their numbers of epochs. */
static void draw_legend(struct picture *picture, const struct losses *losses, double x, double right,
                        double y)
{
    for (int phase = 0; phase < PHASES_MOST; phase++) {
        size_t epochs = 0;
        for (size_t i = 0; i < losses->epochs; i++) epochs += losses->phase[i] == phase;
        if (epochs == 0) continue;
        char *text = text_or_die("%s: %zu epoch%s", losses->phases[phase], epochs, epochs == 1 ? "" : "s");
        picture_box(picture, x, y - 6, 14, 12, FAINT);
        picture_box(picture, x + 1, y - 5, 12, 10, phase_colours[phase]);
        x += 20 + picture_text(picture, x + 20, y, LETTERS, ALIGN_LEFT, right - x - 20, TEXT, text) + 24;
        free(text);
    }
}

struct picture *curves_or_die(const struct losses *losses, int width, const char *title)
{
    size_t columns = (size_t)(width - 2 * MARGIN) / PANEL_LEAST;
    size_t rows = (losses->count + columns - 1) / columns;
    double wide = (width - 2.0 * MARGIN) / (double)columns;
    struct picture *picture = picture_new_or_die(width, HEADER + (int)rows * PANEL_HIGH);
    picture_text(picture, MARGIN, 20, 16, ALIGN_LEFT, width - 2 * MARGIN, TEXT, title);
    draw_legend(picture, losses, MARGIN, width - MARGIN, 42);
    for (size_t i = 0; i < losses->count; i++) {
        struct panel panel = {.picture = picture,
                              .losses = losses,
                              .values = losses->values + i * losses->epochs,
                              .x = floor(MARGIN + (double)(i % columns) * wide) + AXIS,
                              .y = HEADER + (double)(i / columns) * PANEL_HIGH + ABOVE,
                              .width = floor(wide) - AXIS - MARGIN,
                              .height = PANEL_HIGH - ABOVE - BELOW,
                              .first = losses->epoch[0] - 0.5,
                              .last = losses->epoch[losses->epochs - 1] + 0.5};
        draw_panel(&panel, losses->names[i]);
    }
    return picture;
}
