/* Drawing a piano roll. */
#include "common/pictures/piano-roll-picture.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/memory.h"

static const struct colour LEFT_INK = {0.98, 0.42, 0.05}, RIGHT_INK = {0.05, 0.45, 0.95};
static const struct colour BOTH_INKS = {0.05, 0.19, 0.05}, MONO_INK = {0.1, 0.1, 0.1};
static const struct colour TEXT = {0.1, 0.1, 0.1}, FAINT = {0.4, 0.4, 0.4}, GRID = {0.8, 0.8, 0.8},
                           BEAT = {0.9, 0.9, 0.85};
static const struct colour BLACK_ROW = {0.94, 0.94, 0.95};

enum {
    MARGIN_LEFT = 64, /* for names and keyboard */
    MARGIN_RIGHT = 20,
    MARGIN_TOP = 58, /* for two lines of text */
    MARGIN_BOTTOM = 32,
    KEYBOARD = 18,
    LETTERS = 12,    /* size of the small text */
    DRUM_SHARE = 60, /* a row of drums is one part of so many of the roll's height */
    DRUM_LEAST = 4,  /* pixels */
    DRUM_LINE = 2    /* between keys and drums */
};

struct layout {
    struct picture *picture;
    const struct score *score;
    int x, y, width, height; /* of the roll's keys, without margins */
    int drum;                /* height of a row of drums; 0 without drums */
};

/* The lower edge of the keys, and of the drums below them. */
static int roll_bottom(const struct layout *layout)
{
    return layout->y + layout->height + (layout->drum ? DRUM_LINE + KEYBOARD_DRUMS * layout->drum : 0);
}

/* The upper edge of a drum's row; the low one is at the bottom. */
static int drum_top(const struct layout *layout, size_t drum)
{
    return roll_bottom(layout) - ((int)drum + 1) * layout->drum;
}

/* The upper edge of the row of a key, which is the lower edge of the next higher key. */
static int key_top(const struct layout *layout, int key)
{
    return layout->y +
           (int)((layout->score->keys.last - key) * (double)layout->height / (double)layout->score->pitched);
}

static int key_height(const struct layout *layout, int key)
{
    return key_top(layout, key - 1) - key_top(layout, key);
}

/* Every C, and the first and last key where their names do not overlap that of a C. */
static bool has_label(const struct layout *layout, int key)
{
    struct key_range keys = layout->score->keys;
    int above_c = (key + 8) % 12, c = key == keys.first ? key + 12 - above_c : key - above_c;
    if (above_c == 0) return true;
    bool c_is_near =
        c >= keys.first && c <= keys.last && abs(key_top(layout, c) - key_top(layout, key)) < LETTERS;
    return (key == keys.first || key == keys.last) && !c_is_near;
}

static void draw_key(const struct layout *layout, int key)
{
    int top = key_top(layout, key), height = key_height(layout, key);
    char name[4];
    if (key_is_black(key)) {
        picture_box(layout->picture, layout->x, top, layout->width, height, BLACK_ROW);
        picture_box(layout->picture, layout->x - KEYBOARD, top, 0.6 * KEYBOARD, height, TEXT);
    }
    key_name(key, name);
    if (has_label(layout, key))
        picture_text(layout->picture, layout->x - KEYBOARD - 6, top + height / 2.0, LETTERS, ALIGN_RIGHT,
                     MARGIN_LEFT, TEXT, name);
    /* A line between two white keys: below each C and F. */
    if (name[1] != '#' && (name[0] == 'C' || name[0] == 'F') && key > layout->score->keys.first)
        picture_box(layout->picture, layout->x - KEYBOARD, top + height - 1,
                    KEYBOARD + layout->width * (name[0] == 'C'), 1, GRID);
}

/* The line above the drums, and their name. */
static void draw_drums(const struct layout *layout)
{
    int top = layout->y + layout->height, bottom = roll_bottom(layout);
    if (!layout->drum) return;
    picture_box(layout->picture, layout->x - KEYBOARD, top, KEYBOARD + layout->width, DRUM_LINE, FAINT);
    picture_text(layout->picture, layout->x - KEYBOARD - 6, (top + bottom) / 2.0, LETTERS, ALIGN_RIGHT,
                 MARGIN_LEFT, TEXT, "drums");
}

/* Around the keyboard and the roll. */
static void draw_border(const struct layout *layout)
{
    double left = layout->x - KEYBOARD - 0.5, top = layout->y - 0.5;
    double right = layout->x + layout->width + 0.5, bottom = roll_bottom(layout) + 0.5;
    picture_line(layout->picture, 5, (double[]){left, right, right, left, left},
                 (double[]){top, top, bottom, bottom, top}, 1, GRID);
}

static void draw_time(const struct layout *layout)
{
    const struct score *score = layout->score;
    double seconds = (double)(score->parts * score->frames) * score->interval;
    double step = axis_step(seconds, layout->width / 80.0);
    for (int i = 0; i * step <= seconds * (1 + 1e-9); i++) {
        double x = layout->x + floor(fmin(i * step / seconds * layout->width, layout->width - 1));
        char text[32];
        snprintf(text, sizeof text, "%.6g s", i * step);
        picture_box(layout->picture, x, layout->y, 1, roll_bottom(layout) - layout->y + 5, GRID);
        picture_text(layout->picture, x, roll_bottom(layout) + 14, LETTERS, ALIGN_MIDDLE, 100, TEXT, text);
    }
}

/* A faint line where every fourth beat begins. */
static void draw_beats(const struct layout *layout)
{
    const struct score *score = layout->score;
    size_t frames = score->parts * score->frames;
    for (size_t t = 0; score->beat > 0 && t < frames; t += 4 * score->beat)
        picture_box(layout->picture, layout->x + floor((double)t * layout->width / (double)frames), layout->y,
                    1, roll_bottom(layout) - layout->y, BEAT);
}

/* amount (columns) of line (count): column i shows the largest loudness L of its frames as (L / peak)^0.6.
 * The exponent is that of perceived loudness over sound pressure (Stevens, "On the psychophysical law",
 * 1957). */
static void columns_of_line(float *amount, size_t columns, const float *line, size_t count, float peak)
{
    for (size_t i = 0; i < columns; i++) {
        size_t begin = i * count / columns, end = (i + 1) * count / columns;
        float most = line[begin];
        for (size_t t = begin + 1; t < end; t++) most = fmaxf(most, line[t]);
        amount[i] = powf(most / peak, 0.6f);
    }
}

/* The rows first … end - 1 of the score. */
static void draw_notes(const struct layout *layout, size_t channel, struct colour ink, size_t first,
                       size_t end, float peak)
{
    const struct score *score = layout->score;
    size_t count = score->parts * score->frames;
    float *line = allocate_or_die(count, sizeof *line);
    float *amount = allocate_or_die((size_t)layout->width, sizeof *amount);
    for (size_t row = first; row < end && peak > 0; row++) {
        int key = score->keys.first + (int)row;
        bool drum = row >= score->pitched;
        score_line(score, channel, row, line);
        columns_of_line(amount, (size_t)layout->width, line, count, peak);
        picture_multiply(layout->picture, layout->x,
                         drum ? drum_top(layout, row - score->pitched) : key_top(layout, key), layout->width,
                         drum ? layout->drum : key_height(layout, key), amount, ink);
    }
    free(amount);
    free(line);
}

/* The loudest of the keys, or of the drums, in all parts. */
static float loudest(const struct score *score, float (*loudest_of_part)(const struct score *, size_t))
{
    float most = 0;
    for (size_t part = 0; part < score->parts; part++) most = fmaxf(most, loudest_of_part(score, part));
    return most;
}

/* Colours and their names, right-aligned in the line of the title; returns the left end. */
static double draw_legend(const struct layout *layout, double y)
{
    static const struct {
        const char *word;
        const struct colour *ink;
    } inks[] = {{"right", &RIGHT_INK}, {"both", &BOTH_INKS}, {"left", &LEFT_INK}};
    double x = layout->x + layout->width;
    for (int i = 0; i < 3 && layout->score->channels == 2; i++) {
        x -= picture_text(layout->picture, x, y, LETTERS, ALIGN_RIGHT, 100, TEXT, inks[i].word) + 16;
        picture_box(layout->picture, x, y - 5, 11, 10, *inks[i].ink);
        x -= 14;
    }
    return x;
}

struct picture *piano_roll_picture_or_die(const struct score *score, int width, int height, const char *title,
                                          const char *remarks)
{
    struct layout layout = {picture_new_or_die(width, height),
                            score,
                            MARGIN_LEFT,
                            MARGIN_TOP,
                            width - MARGIN_LEFT - MARGIN_RIGHT,
                            height - MARGIN_TOP - MARGIN_BOTTOM,
                            0};
    if (score->drums) {
        layout.drum = layout.height / DRUM_SHARE > DRUM_LEAST ? layout.height / DRUM_SHARE : DRUM_LEAST;
        layout.height -= DRUM_LINE + KEYBOARD_DRUMS * layout.drum;
    }
    double legend_left = draw_legend(&layout, 22);
    picture_text(layout.picture, layout.x, 20, 16, ALIGN_LEFT, legend_left - layout.x, TEXT, title);
    picture_text(layout.picture, layout.x, 42, LETTERS, ALIGN_LEFT, layout.width, FAINT, remarks);
    for (int key = score->keys.first; key <= score->keys.last; key++) draw_key(&layout, key);
    draw_beats(&layout);
    draw_time(&layout);
    draw_drums(&layout);
    draw_border(&layout);
    for (size_t channel = 0; channel < score->channels; channel++) {
        struct colour ink = score->channels == 1 ? MONO_INK : channel == 0 ? LEFT_INK : RIGHT_INK;
        draw_notes(&layout, channel, ink, 0, score->pitched, loudest(score, score_loudest_key));
        draw_notes(&layout, channel, ink, score->pitched, score->rows, loudest(score, score_loudest_drum));
    }
    return layout.picture;
}
