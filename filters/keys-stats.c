/* keys-stats: what records of keys are like as music, ten numbers a record. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#include "common/fail.h"
#include "common/file.h"
#include "common/level.h"
#include "common/metrics/features.h"
#include "common/option.h"

static const char *keys_text = "27-59";
static double interval = 0.02, base;
static bool quiet;

static const struct option options[] = {
    {0, "floor", OPTION_REAL, &base, "LOUDNESS", 0, 1e6,
     "Subtract this and divide by the largest first; 0: neither"},
    {'k', "keys", OPTION_TEXT, &keys_text, "FIRST-LAST", 0, 0, "Keys of records that do not state theirs"},
    {'i', "interval", OPTION_REAL, &interval, "SECONDS", 0.0001, 10,
     "Interval of records that do not state theirs"},
    {'q', "quiet", OPTION_FLAG, &quiet, NULL, 0, 0, "Do not say how many records have undefined features"},
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

/* Prints a line; true when all is defined. */
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
    struct score defaults = {.interval = interval};
    if (!key_range_parse(keys_text, &defaults.keys)) die_usage("-k %s: not two keys within 1-88", keys_text);
    struct reader *reader = reader_open_or_die(argv[operand]);
    struct record record = {0};
    size_t lines = 0, undefined = 0;

    print_names();
    while (reader_next_finite_or_die(reader, &record)) {
        struct score score = score_or_die(reader, &record, defaults);
        if (base > 0) level_lift_off(record.data, record.count, (float)base);
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
