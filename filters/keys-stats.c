/* keys-stats: ten musical features of each keys record. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#include "common/fail.h"
#include "common/file.h"
#include "common/keys/keys-options.h"
#include "common/level.h"
#include "common/metrics/features.h"
#include "common/option.h"

static double loudness_floor;
static bool quiet;

/* What records mean that do not state their facts. */
static struct score unstated = {.keys = {KEYS_DEFAULT}, .interval = FRAME_SECONDS_DEFAULT};

static const struct option options[] = {
    {OPTION_FLOOR(&loudness_floor, "")},
    {OPTION_KEYS_UNSTATED(&unstated.keys)},
    {OPTION_INTERVAL_UNSTATED(&unstated.interval)},
    {OPTION_QUIET(&quiet, "Do not say how many records have undefined features")},
    {0},
};

static const struct program program = {"keys-stats", "[FILE]", "Describe keys as music, in ten numbers", 1,
                                       options};

static void print_names(void)
{
    printf("record\tpart");
    for (size_t i = 0; i < FEATURES; i++) printf("\t%s", feature_names[i]);
    putchar('\n');
}

/* Prints a line; true when all features are defined. */
static bool print_features(uint64_t record, size_t part, const double *value)
{
    bool defined = true;
    printf("%" PRIu64 "\t%zu", record, part + 1);
    for (size_t i = 0; i < FEATURES; i++) {
        if (isnan(value[i]))
            printf("\tNaN");
        else
            printf("\t%.9g", value[i]);
        defined = defined && !isnan(value[i]);
    }
    putchar('\n');
    return defined;
}

int main(int argc, char **argv)
{
    int operand = options_parse_or_die(&program, argc, argv);
    struct reader *reader = reader_open_or_die(argv[operand]);
    struct record record = {0};
    size_t lines = 0, undefined = 0;

    print_names();
    while (reader_next_finite_or_die(reader, &record)) {
        struct score score = score_or_die(reader, &record, unstated);
        level_subtract_floor(record.data, record.count, (float)loudness_floor);
        for (size_t part = 0; part < score.parts; part++, lines++) {
            double value[FEATURES];
            features_or_die(value, &score, part);
            undefined += !print_features(reader_count(reader), part, value);
        }
    }
    reader_close(reader);
    record_free(&record);
    stdout_close_or_die();
    if (undefined && !quiet) warn("%zu of %zu lines with features that are not defined", undefined, lines);
    return 0;
}
