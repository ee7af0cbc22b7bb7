/* Measures what tells generated records from real ones. */
#include "common/judge/judgement.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/judge/deal.h"
#include "common/memory.h"
#include "common/metrics/bootstrap.h"

/* A cue of all records that define it, in ascending order. */
struct column {
    size_t count;
    double *value;
    size_t *song;
};

struct judged_side {
    const struct cue_set *set;
    struct songs songs;
    struct column column[NAMED_CUES];
};

struct judgement {
    struct judged_side side[JUDGED_SIDES];
    struct two_sample *test;
};

const char *judgement_row_name(size_t row)
{
    static const char *const name[JUDGEMENT_ROWS] = {
        "AUC",          "ends",           "ends-real", "repetition",    "repetition-real",
        "same-keys",    "same-keys-real", "together",  "together-real", "dynamics",
        "dynamics-real"};
    return name[row];
}

struct entry {
    double value;
    size_t song;
};

static int by_value(const void *a, const void *b)
{
    double x = ((const struct entry *)a)->value, y = ((const struct entry *)b)->value;
    return (x > y) - (x < y);
}

static struct column column_make_or_die(const struct judged_side *side, size_t cue)
{
    struct column column = {.value = allocate_or_die(side->set->count, sizeof(double)),
                            .song = allocate_or_die(side->set->count, sizeof(size_t))};
    struct entry *entry = allocate_or_die(side->set->count, sizeof *entry);
    for (size_t i = 0; i < side->set->count; i++) {
        double value = side->set->values[i * CUES + cue];
        if (!isnan(value)) entry[column.count++] = (struct entry){value, side->songs.number[i]};
    }
    qsort(entry, column.count, sizeof *entry, by_value);
    for (size_t i = 0; i < column.count; i++)
        column.value[i] = entry[i].value, column.song[i] = entry[i].song;
    free(entry);
    return column;
}

static void column_free(struct column *column)
{
    free(column->value);
    free(column->song);
}

struct judgement *judgement_new_or_die(const struct cue_set *training, const struct cue_set *real,
                                       const struct cue_set *generated, uint64_t seed)
{
    struct judgement *judgement = allocate_or_die(1, sizeof *judgement);
    const struct cue_set *sets[JUDGED_SIDES] = {[SIDE_REAL] = real, [SIDE_GENERATED] = generated};
    for (size_t s = 0; s < JUDGED_SIDES; s++) {
        struct judged_side *side = &judgement->side[s];
        side->set = sets[s];
        side->songs = songs_make_or_die(sets[s]->song, sets[s]->count);
        for (size_t i = 0; i < NAMED_CUES; i++) side->column[i] = column_make_or_die(side, named_cue[i]);
    }
    if (training) judgement->test = two_sample_new_or_die(training, real, generated, seed);
    return judgement;
}

void judgement_free(struct judgement *judgement)
{
    if (!judgement) return;
    for (size_t s = 0; s < JUDGED_SIDES; s++) {
        for (size_t i = 0; i < NAMED_CUES; i++) column_free(&judgement->side[s].column[i]);
        songs_free(&judgement->side[s].songs);
    }
    two_sample_free(judgement->test);
    free(judgement);
}

size_t judgement_songs(const struct judgement *judgement, size_t side)
{
    return judgement->side[side].songs.songs;
}

/* The median of a column, in which a record stands as often as its song. */
static double median_or_die(const struct column *column, const float *weight)
{
    float *each = allocate_or_die(column->count + 1, sizeof *each);
    for (size_t i = 0; i < column->count; i++) each[i] = weight[column->song[i]];
    double median = weighted_quantile(0.5, column->value, each, column->count);
    free(each);
    return median;
}

/* The share of records that end in a cluster. */
static double ends_of(const struct judged_side *side, const float *weight)
{
    double clusters = 0, all = 0;
    for (size_t i = 0; i < side->set->count; i++) {
        all += (double)weight[side->songs.number[i]];
        clusters += (double)weight[side->songs.number[i]] * side->set->cluster[i];
    }
    return clusters / all;
}

void judgement_measure_or_die(double *value, const struct judgement *judgement,
                              float *const weight[JUDGED_SIDES])
{
    *value++ =
        judgement->test ? two_sample_auc(judgement->test, weight[SIDE_REAL], weight[SIDE_GENERATED]) : NAN;
    for (size_t s = 0; s < JUDGED_SIDES; s++) *value++ = ends_of(&judgement->side[s], weight[s]);
    for (size_t i = 0; i < NAMED_CUES; i++)
        for (size_t s = 0; s < JUDGED_SIDES; s++)
            *value++ = median_or_die(&judgement->side[s].column[i], weight[s]);
}

/* The median of a cue over all records of a side. */
static double cue_median_or_die(const struct judged_side *side, size_t cue)
{
    struct column column = column_make_or_die(side, cue);
    double median = column.count ? column.value[column.count / 2] : NAN;
    column_free(&column);
    return median;
}

bool judgement_cue(const struct judgement *judgement, size_t index, char *name, size_t size, double *share)
{
    size_t cue[TOLD_BY];
    double shares[TOLD_BY];
    char text[32];
    if (!judgement->test || index >= TOLD_BY) return false;
    two_sample_told_by(judgement->test, cue, shares);
    bool more = cue_median_or_die(&judgement->side[SIDE_GENERATED], cue[index]) >
                cue_median_or_die(&judgement->side[SIDE_REAL], cue[index]);
    snprintf(name, size, "%s:%s", more ? "more" : "less", cue_name(cue[index], text, sizeof text));
    *share = shares[index];
    return true;
}
