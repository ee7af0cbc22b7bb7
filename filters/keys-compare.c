/* keys-compare: how similar generated music is to real music, in numbers with confidence intervals. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/fail.h"
#include "common/file.h"
#include "common/keys/keys-options.h"
#include "common/memory.h"
#include "common/metrics/bootstrap.h"
#include "common/metrics/comparison.h"
#include "common/option.h"

static const char *training_path;
static double loudness_floor;
static long long seed, resamples = 1000;

/* What records mean that do not state their facts. */
static struct score unstated = {.keys = {KEYS_DEFAULT}, .interval = FRAME_SECONDS_DEFAULT};

static const struct option options[] = {
    {'t', "training", OPTION_TEXT, &training_path, "FILE", 0, 0,
     "The training set: what novelty is measured against and features are scaled by"},
    {OPTION_FLOOR(&loudness_floor, " from GENERATED")},
    {0, "resamples", OPTION_INT, &resamples, "COUNT", 0, 1e6,
     "How often the records are drawn again for the confidence intervals; 0: none"},
    {OPTION_SEED(&seed, "Seed of these draws")},
    {OPTION_KEYS_UNSTATED(&unstated.keys)},
    {OPTION_INTERVAL_UNSTATED(&unstated.interval)},
    {0},
};

static const struct program program = {"keys-compare", "REAL GENERATED",
                                       "Compare generated keys with real ones", 2, options};

enum { PURPOSE_REAL = 1, PURPOSE_GENERATED = 2 };

/* Standard input can be read once. */
static void check_paths_or_die(int count, char **paths)
{
    if (count != 2) die_usage("two operands are needed: the real keys and the generated ones");
    int pipes = (training_path && strcmp(training_path, "-") == 0);
    for (int i = 0; i < 2; i++) pipes += strcmp(paths[i], "-") == 0;
    if (pipes > 1) die_usage("only one of the inputs can be -");
}

/* value (COMPARISON_ROWS) of a resample: records drawn with replacement. */
static void measure_resample_or_die(double *value, const struct comparison *comparison, size_t real,
                                    size_t generated, uint32_t number)
{
    float *a = allocate_or_die(real, sizeof *a), *b = allocate_or_die(generated, sizeof *b);
    bootstrap_draw(a, real, random_key_make((uint64_t)seed, PURPOSE_REAL, number));
    bootstrap_draw(b, generated, random_key_make((uint64_t)seed, PURPOSE_GENERATED, number));
    comparison_measure_or_die(value, comparison, a, b);
    free(a);
    free(b);
}

/* value (COMPARISON_ROWS) of the records themselves. */
static void measure_or_die(double *value, const struct comparison *comparison, size_t real, size_t generated)
{
    size_t most = real > generated ? real : generated;
    float *once = allocate_or_die(most, sizeof *once);
    for (size_t i = 0; i < most; i++) once[i] = 1;
    comparison_measure_or_die(value, comparison, once, once);
    free(once);
}

static void print_number(double value)
{
    if (isnan(value))
        printf("\tNaN");
    else
        printf("\t%.6g", value);
}

/* Prints a line for each row; drawn (resamples, COMPARISON_ROWS). */
static void print_rows_or_die(const double *value, const double *drawn)
{
    double *column = allocate_or_die((size_t)resamples, sizeof *column);
    printf("name\tvalue\tlow\thigh\n");
    for (size_t row = 0; row < COMPARISON_ROWS; row++) {
        char name[32];
        for (size_t i = 0; i < (size_t)resamples; i++) column[i] = drawn[i * COMPARISON_ROWS + row];
        struct confidence_interval bounds =
            bootstrap_confidence_interval(value[row], column, (size_t)resamples);
        printf("%s", comparison_row_name(row, name, sizeof name));
        print_number(value[row]);
        print_number(bounds.low);
        print_number(bounds.high);
        putchar('\n');
    }
    free(column);
}

int main(int argc, char **argv)
{
    int operand = options_parse_or_die(&program, argc, argv);
    struct score shape = unstated;
    check_paths_or_die(argc - operand, argv + operand);
    struct feature_set real = feature_set_read_or_die(argv[operand], 0, &shape), training = {0};
    struct feature_set generated = feature_set_read_or_die(argv[operand + 1], (float)loudness_floor, &shape);
    if (training_path) training = feature_set_read_or_die(training_path, 0, &shape);
    struct comparison *comparison =
        comparison_new_or_die(&real, &generated, training_path ? &training : NULL);
    double value[COMPARISON_ROWS],
        *drawn = allocate_or_die((size_t)resamples * COMPARISON_ROWS, sizeof *drawn);

    measure_or_die(value, comparison, real.count, generated.count);
#pragma omp parallel for schedule(dynamic)
    for (long long i = 0; i < resamples; i++)
        measure_resample_or_die(drawn + i * COMPARISON_ROWS, comparison, real.count, generated.count,
                                (uint32_t)i);
    print_rows_or_die(value, drawn);
    stdout_close_or_die();
    comparison_free(comparison);
    feature_set_free(&real);
    feature_set_free(&generated);
    feature_set_free(&training);
    free(drawn);
    return 0;
}
