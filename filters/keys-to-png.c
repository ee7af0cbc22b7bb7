/* keys-to-png: keys records to pictures of piano rolls. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/files/outputs.h"
#include "common/keys/keys-options.h"
#include "common/keys/score.h"
#include "common/keys/stated-option.h"
#include "common/level.h"
#include "common/memory.h"
#include "common/option.h"
#include "common/pictures/piano-roll-picture.h"
#include "common/progress.h"
#include "common/stream/stream.h"

static long long wide = 1200, high = 600;
static double loudness_floor = NAN;
static const char *output = "-";
static bool quiet, progress;

/* What records mean that do not state their facts. */
static struct score unstated = {.keys = {KEYS_DEFAULT}, .interval = FRAME_SECONDS_DEFAULT};

static const struct option options[] = {
    {'W', "wide", OPTION_INT, &wide, "PIXELS", 300, 10000, "Width of a picture"},
    {'H', "high", OPTION_INT, &high, "PIXELS", 200, 10000, "Height of a picture"},
    {OPTION_FLOOR_STATED(&loudness_floor)},
    {OPTION_KEYS_UNSTATED(&unstated.keys)},
    {OPTION_INTERVAL_UNSTATED(&unstated.interval)},
    {'o', "output", OPTION_TEXT, &output, "FILE", 0, 0, "Where to; for several records NAME-%03d.png"},
    {OPTION_QUIET(&quiet, "No progress")},
    {OPTION_PROGRESS(&progress)},
    {0},
};

static const struct program program = {"keys-to-png", "[FILE]", "Draw keys as a piano roll", 1, options};

/* The number of the record and its facts, except those that are in the title or the picture. Caller frees. */
static char *remarks_of(const struct reader *reader, const struct record *keys)
{
    static const char *const shown[] = {"kind",  "source", "crc32",   "interval", "keys",
                                        "drums", "width",  "release", "sharpen",  "voice"};
    char *remarks = text_or_die("record %llu", (unsigned long long)reader_count(reader)), *name;
    for (size_t i = 0; (name = record_fact_name(keys, i)); i++) {
        bool said = false;
        for (size_t j = 0; j < sizeof shown / sizeof *shown; j++) said |= strcmp(name, shown[j]) == 0;
        if (!said) {
            char *value = record_fact(keys, name);
            char *longer = text_or_die("%s, %s %s", remarks, name, value);
            free(remarks);
            free(value);
            remarks = longer;
        }
        free(name);
    }
    return remarks;
}

/* Draws a record and hands the picture to the outputs. */
static void put_picture_or_die(struct outputs *pictures, const struct reader *reader, struct record *keys)
{
    struct score score = score_or_die(reader, keys, unstated);
    level_subtract_floor(keys->data, keys->count,
                         (float)stated_real_or_die(reader, keys, options, "floor", 0));
    char *source = record_fact(keys, "source"), *remarks = remarks_of(reader, keys);
    struct picture *picture =
        piano_roll_picture_or_die(&score, (int)wide, (int)high, source ? source : "keys", remarks);
    size_t size;
    void *png = picture_png_or_die(picture, &size);
    outputs_put_or_die(pictures, reader, png, size);
    free(source);
    free(remarks);
}

int main(int argc, char **argv)
{
    int operand = options_parse_or_die(&program, argc, argv);
    struct outputs *pictures = outputs_open_or_die(output, "record", "NAME-%03d.png");
    struct reader *reader = reader_open_or_die(argv[operand]);
    struct record keys = {0};

    progress_begin("records", 0, progress, quiet);
    while (reader_next_finite_or_die(reader, &keys)) {
        put_picture_or_die(pictures, reader, &keys);
        progress_show((double)reader_count(reader), NULL);
    }
    progress_end();
    outputs_close_or_die(pictures, argv[operand]);
    reader_close(reader);
    record_free(&keys);
    return 0;
}
