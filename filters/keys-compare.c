/* keys-compare: how similar generated music is to real music, in numbers with confidence intervals. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/fail.h"
#include "common/file.h"
#include "common/judge/judgement.h"
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

/* PURPOSE_SONGS: one for each side of the judge. */
enum { PURPOSE_REAL = 1, PURPOSE_GENERATED = 2, PURPOSE_SONGS = 3 };

/* Standard input can be read once. */
static void check_paths_or_die(int count, char **paths)
{
    if (count != 2) die_usage("two operands are needed: the real keys and the generated ones");
    int pipes = (training_path && strcmp(training_path, "-") == 0);
    for (int i = 0; i < 2; i++) pipes += strcmp(paths[i], "-") == 0;
    if (pipes > 1) die_usage("only one of the inputs can be -");
}

/* All that is compared: records by themselves, and songs for a judge. */
struct sets {
    struct feature_set real, generated, training;
    struct cue_set cues_real, cues_generated, cues_training;
};

enum { ROWS = COMPARISON_ROWS + JUDGEMENT_ROWS };

static void add_cues_or_die(void *cues, const struct score *score, const struct record *record)
{
    cue_set_add_or_die(cues, score, record);
}

static struct sets read_sets_or_die(char **paths)
{
    struct sets sets = {.training = {0}};
    struct score shape = unstated;
    sets.real = feature_set_read_or_die(paths[0], 0, &shape, add_cues_or_die, &sets.cues_real);
    sets.generated = feature_set_read_or_die(paths[1], (float)loudness_floor, &shape, add_cues_or_die,
                                             &sets.cues_generated);
    if (training_path)
        sets.training =
            feature_set_read_or_die(training_path, 0, &shape, add_cues_or_die, &sets.cues_training);
    return sets;
}

static void free_sets(struct sets *sets)
{
    feature_set_free(&sets->real);
    feature_set_free(&sets->generated);
    feature_set_free(&sets->training);
    cue_set_free(&sets->cues_real);
    cue_set_free(&sets->cues_generated);
    cue_set_free(&sets->cues_training);
}

/* Weights (count): each once, or those of a resample: drawn with replacement. Caller frees. */
static float *weights_or_die(size_t count, long long resample, uint32_t purpose)
{
    float *weight = allocate_or_die(count, sizeof *weight);
    if (resample >= 0)
        bootstrap_draw(weight, count, random_key_make((uint64_t)seed, purpose, (uint32_t)resample));
    for (size_t i = 0; i < count && resample < 0; i++) weight[i] = 1;
    return weight;
}

/* value (ROWS) of the sets themselves (resample -1), or of records and songs that are drawn again. */
static void measure_or_die(double *value, const struct comparison *comparison,
                           const struct judgement *judgement, const struct sets *sets, long long resample)
{
    float *real = weights_or_die(sets->real.count, resample, PURPOSE_REAL);
    float *generated = weights_or_die(sets->generated.count, resample, PURPOSE_GENERATED);
    float *songs[JUDGED_SIDES];
    for (uint32_t side = 0; side < JUDGED_SIDES; side++)
        songs[side] = weights_or_die(judgement_songs(judgement, side), resample, PURPOSE_SONGS + side);
    comparison_measure_or_die(value, comparison, real, generated);
    judgement_measure_or_die(value + COMPARISON_ROWS, judgement, songs);
    free(real);
    free(generated);
    for (size_t side = 0; side < JUDGED_SIDES; side++) free(songs[side]);
}

static void print_row(const char *name, double value, struct confidence_interval bounds)
{
    const double cells[] = {value, bounds.low, bounds.high};
    printf("%s", name);
    for (size_t i = 0; i < 3; i++) printf(isnan(cells[i]) ? "\tNaN" : "\t%.6g", cells[i]);
    putchar('\n');
}

/* A line for each row, drawn (resamples, ROWS), then the cues of the judge. */
static void print_rows_or_die(const double *value, const double *drawn, const struct judgement *judgement)
{
    double *column = allocate_or_die((size_t)resamples, sizeof *column), share;
    char name[40];
    printf("name\tvalue\tlow\thigh\n");
    for (size_t row = 0; row < ROWS; row++) {
        for (size_t i = 0; i < (size_t)resamples; i++) column[i] = drawn[i * ROWS + row];
        print_row(row < COMPARISON_ROWS ? comparison_row_name(row, name, sizeof name)
                                        : judgement_row_name(row - COMPARISON_ROWS),
                  value[row], bootstrap_confidence_interval(value[row], column, (size_t)resamples));
    }
    for (size_t i = 0; judgement_cue(judgement, i, name, sizeof name, &share); i++)
        print_row(name, share, (struct confidence_interval){NAN, NAN});
    free(column);
}

int main(int argc, char **argv)
{
    int operand = options_parse_or_die(&program, argc, argv);
    check_paths_or_die(argc - operand, argv + operand);
    struct sets sets = read_sets_or_die(argv + operand);
    struct comparison *comparison =
        comparison_new_or_die(&sets.real, &sets.generated, training_path ? &sets.training : NULL);
    struct judgement *judgement = judgement_new_or_die(training_path ? &sets.cues_training : NULL,
                                                       &sets.cues_real, &sets.cues_generated, (uint64_t)seed);
    double value[ROWS], *drawn = allocate_or_die((size_t)resamples * ROWS, sizeof *drawn);

    measure_or_die(value, comparison, judgement, &sets, -1);
#pragma omp parallel for schedule(dynamic)
    for (long long i = 0; i < resamples; i++)
        measure_or_die(drawn + i * ROWS, comparison, judgement, &sets, i);
    print_rows_or_die(value, drawn, judgement);
    stdout_close_or_die();
    judgement_free(judgement);
    comparison_free(comparison);
    free_sets(&sets);
    free(drawn);
    return 0;
}
