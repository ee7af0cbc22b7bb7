/* A classifier two-sample test with boosted stumps. */
#include "common/judge/two-sample.h"

#include <math.h>
#include <stdlib.h>

#include "common/judge/boosting.h"
#include "common/judge/deal.h"
#include "common/judge/roc.h"
#include "common/memory.h"

enum { PAIRS = 4, FOLDS = 2 * PAIRS, ROUNDS = 200 };
enum { PURPOSE_SHARED = 1, PURPOSE_HALVES = 2 };
static const double RATE = 0.1;

struct two_sample {
    const struct cue_set *training, *real, *generated;
    struct songs training_songs, real_songs, generated_songs;
    size_t scored[FOLDS];
    struct scored *score[FOLDS]; /* by ascending logit of being generated; group: the song on its side */
    double gain[FOLDS][CUES];    /* of the splits by each cue */
};

/* Rows of a fold's classifier. */
struct rows {
    size_t count, of_label[2];
    double *values; /* (count, CUES) */
    unsigned char *label;
    double *weight; /* the same sum for both labels */
};

static void add_rows(struct rows *rows, const struct cue_set *set, const size_t *song, const enum role *role,
                     unsigned char label)
{
    for (size_t i = 0; i < set->count; i++) {
        if (role[song[i]] != ROLE_TRAINED) continue;
        for (size_t c = 0; c < CUES; c++) rows->values[rows->count * CUES + c] = set->values[i * CUES + c];
        rows->label[rows->count++] = label;
        rows->of_label[label]++;
    }
}

/* mean (CUES): of the rows where a cue is defined. */
static void defined_means(double *mean, const struct rows *rows)
{
    for (size_t c = 0; c < CUES; c++) {
        double sum = 0, defined = 0;
        for (size_t i = 0; i < rows->count; i++) {
            double value = rows->values[i * CUES + c];
            if (isfinite(value)) sum += value, defined++;
        }
        mean[c] = defined > 0 ? sum / defined : 0;
    }
}

/* A cue that is not defined takes the training rows' mean: what cannot be measured is no evidence. */
static void fill(double *values, const double *mean)
{
    for (size_t c = 0; c < CUES; c++)
        if (!isfinite(values[c])) values[c] = mean[c];
}

static void score_records(struct two_sample *test, size_t fold, const struct boosted *model,
                          const double *mean, const enum role *generated)
{
    for (size_t i = 0; i < test->real->count + test->generated->count; i++) {
        bool made = i >= test->real->count;
        size_t at = made ? i - test->real->count : i;
        const struct cue_set *set = made ? test->generated : test->real;
        size_t song = (made ? &test->generated_songs : &test->real_songs)->number[at];
        double values[CUES];
        if (made && generated[song] != ROLE_SCORED) continue;
        for (size_t c = 0; c < CUES; c++) values[c] = set->values[at * CUES + c];
        fill(values, mean);
        test->score[fold][test->scored[fold]++] =
            (struct scored){boosted_logit(model, values), 1, made, song};
    }
}

static void train_and_score(struct two_sample *test, size_t fold, struct rows *rows,
                            const enum role *generated)
{
    double mean[CUES];
    defined_means(mean, rows);
    for (size_t i = 0; i < rows->count; i++) {
        fill(rows->values + i * CUES, mean);
        rows->weight[i] = 1 / (double)rows->of_label[rows->label[i]];
    }
    struct boosted model =
        boosted_train_or_die(rows->values, rows->label, rows->weight, rows->count, CUES, ROUNDS, RATE);
    test->score[fold] = allocate_or_die(test->real->count + test->generated->count, sizeof(struct scored));
    score_records(test, fold, &model, mean, generated);
    roc_sort(test->score[fold], test->scored[fold]);
    for (size_t i = 0; i < model.stumps; i++) test->gain[fold][model.stump[i].cue] += model.stump[i].gain;
    boosted_free(&model);
}

/* False where a side has too few songs. */
static bool run_fold(struct two_sample *test, size_t fold, uint64_t seed)
{
    uint32_t pair = (uint32_t)(fold / 2);
    size_t most = test->training->count + test->generated->count;
    enum role *training = allocate_or_die(test->training_songs.songs, sizeof *training);
    enum role *generated = allocate_or_die(test->generated_songs.songs, sizeof *generated);
    struct rows rows = {.values = allocate_or_die(most * CUES, sizeof(double)),
                        .label = allocate_or_die(most, 1),
                        .weight = allocate_or_die(most, sizeof(double))};
    deal_shared_or_die(training, generated, &test->training_songs, &test->generated_songs,
                       random_key_make(seed, PURPOSE_SHARED, pair));
    bool enough = deal_halves_or_die(generated, test->generated_songs.songs, fold % 2,
                                     random_key_make(seed, PURPOSE_HALVES, pair));
    add_rows(&rows, test->training, test->training_songs.number, training, 0);
    add_rows(&rows, test->generated, test->generated_songs.number, generated, 1);
    enough = enough && rows.of_label[0] > 0;
    if (enough) train_and_score(test, fold, &rows, generated);
    free(rows.values);
    free(rows.label);
    free(rows.weight);
    free(training);
    free(generated);
    return enough;
}

struct two_sample *two_sample_new_or_die(const struct cue_set *training, const struct cue_set *real,
                                         const struct cue_set *generated, uint64_t seed)
{
    struct two_sample *test = allocate_or_die(1, sizeof *test);
    test->training = training, test->real = real, test->generated = generated;
    test->training_songs = songs_make_or_die(training->song, training->count);
    test->generated_songs = songs_make_or_die(generated->song, generated->count);
    test->real_songs = songs_make_or_die(real->song, real->count);
    bool enough = true;
#pragma omp parallel for schedule(dynamic) reduction(&& : enough)
    for (size_t fold = 0; fold < FOLDS; fold++) enough = run_fold(test, fold, seed) && enough;
    if (enough) return test;
    two_sample_free(test);
    return NULL;
}

void two_sample_free(struct two_sample *test)
{
    if (!test) return;
    for (size_t fold = 0; fold < FOLDS; fold++) free(test->score[fold]);
    songs_free(&test->training_songs);
    songs_free(&test->real_songs);
    songs_free(&test->generated_songs);
    free(test);
}

double two_sample_auc(const struct two_sample *test, const float *real_weight, const float *generated_weight)
{
    double sum = 0, folds = 0;
    struct scored *weighted = allocate_or_die(test->real->count + test->generated->count, sizeof *weighted);
    for (size_t fold = 0; fold < FOLDS; fold++) {
        for (size_t i = 0; i < test->scored[fold]; i++) {
            weighted[i] = test->score[fold][i];
            weighted[i].weight =
                (double)(weighted[i].positive ? generated_weight : real_weight)[weighted[i].group];
        }
        double area = roc_area(weighted, test->scored[fold]);
        if (isnan(area)) continue;
        sum += area;
        folds++;
    }
    free(weighted);
    return sum / folds;
}

void two_sample_told_by(const struct two_sample *test, size_t cue[TOLD_BY], double share[TOLD_BY])
{
    bool taken[CUES] = {false};
    double gain[CUES] = {0}, all = 0;
    for (size_t i = 0; i < FOLDS * CUES; i++) gain[i % CUES] += test->gain[i / CUES][i % CUES];
    for (size_t c = 0; c < CUES; c++) all += gain[c];
    for (size_t i = 0; i < TOLD_BY; i++) {
        size_t best = 0;
        while (taken[best]) best++;
        for (size_t c = 0; c < CUES; c++)
            if (!taken[c] && gain[c] > gain[best]) best = c;
        taken[best] = true;
        cue[i] = best;
        share[i] = all > 0 ? gain[best] / all : 0;
    }
}
