/* keys-compare: how similar generated music is to real music, in numbers with confidence intervals. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/fail.h"
#include "common/file.h"
#include "common/judge/by-fact.h"
#include "common/judge/compared.h"
#include "common/keys/keys-options.h"
#include "common/memory.h"
#include "common/metrics/bootstrap.h"
#include "common/option.h"

static const char *training_path, *fact;
static double loudness_floor;
static long long seed, resamples = 1000;

/* What records mean that do not state their facts. */
static struct score unstated = {.keys = {KEYS_DEFAULT}, .interval = FRAME_SECONDS_DEFAULT};

static const struct option options[] = {
    {'t', "training", OPTION_TEXT, &training_path, "FILE", 0, 0,
     "The training set: what novelty is measured against and features are scaled by"},
    {0, "by", OPTION_TEXT, &fact, "FACT", 0, 0,
     "Only how well this fact of the records, as a judge's score, tells REAL from GENERATED"},
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

/* Standard input can be read once. */
static void check_paths_or_die(int count, char **paths)
{
    if (count != 2) die_usage("two operands are needed: the real keys and the generated ones");
    int pipes = (training_path && strcmp(training_path, "-") == 0);
    for (int i = 0; i < 2; i++) pipes += strcmp(paths[i], "-") == 0;
    if (pipes > 1) die_usage("only one of the inputs can be -");
    if (fact && (training_path || loudness_floor > 0)) die_usage("--by excludes --training and --floor");
}

static void print_row(const char *name, double value, struct confidence_interval bounds)
{
    const double cells[] = {value, bounds.low, bounds.high};
    printf("%s", name);
    for (size_t i = 0; i < 3; i++) printf(isnan(cells[i]) ? "\tNaN" : "\t%.6g", cells[i]);
    putchar('\n');
}

/* A line for each row, drawn (resamples, COMPARED_ROWS), then the cues of the judge. */
static void print_rows_or_die(const double *value, const double *drawn, const struct judgement *judgement)
{
    double *column = allocate_or_die((size_t)resamples, sizeof *column), share;
    char name[40];
    printf("name\tvalue\tlow\thigh\n");
    for (size_t row = 0; row < COMPARED_ROWS; row++) {
        for (size_t i = 0; i < (size_t)resamples; i++) column[i] = drawn[i * COMPARED_ROWS + row];
        print_row(compared_row_name(row, name, sizeof name), value[row],
                  bootstrap_confidence_interval(value[row], column, (size_t)resamples));
    }
    for (size_t i = 0; judgement_cue(judgement, i, name, sizeof name, &share); i++)
        print_row(name, share, (struct confidence_interval){NAN, NAN});
    free(column);
}

static void compare_or_die(char **paths)
{
    struct compared *compared = compared_read_or_die(paths[0], paths[1], training_path, (float)loudness_floor,
                                                     &unstated, (uint64_t)seed);
    double value[COMPARED_ROWS], *drawn = allocate_or_die((size_t)resamples * COMPARED_ROWS, sizeof *drawn);
    compared_measure_or_die(value, compared, (uint64_t)seed, -1);
#pragma omp parallel for schedule(dynamic)
    for (long long i = 0; i < resamples; i++)
        compared_measure_or_die(drawn + i * COMPARED_ROWS, compared, (uint64_t)seed, i);
    print_rows_or_die(value, drawn, compared->judgement);
    compared_free(compared);
    free(drawn);
}

/* The one row of --by. */
static void compare_by_fact_or_die(char **paths)
{
    struct fact_set real = fact_set_read_or_die(paths[0], fact),
                    generated = fact_set_read_or_die(paths[1], fact);
    double *drawn = allocate_or_die((size_t)resamples, sizeof *drawn);
    double area = by_fact_auc_or_die(drawn, (size_t)resamples, &real, &generated, (uint64_t)seed);
    printf("name\tvalue\tlow\thigh\n");
    print_row("AUC", area, bootstrap_confidence_interval(area, drawn, (size_t)resamples));
    fact_set_free(&real);
    fact_set_free(&generated);
    free(drawn);
}

int main(int argc, char **argv)
{
    int operand = options_parse_or_die(&program, argc, argv);
    check_paths_or_die(argc - operand, argv + operand);
    if (fact)
        compare_by_fact_or_die(argv + operand);
    else
        compare_or_die(argv + operand);
    stdout_close_or_die();
    return 0;
}
