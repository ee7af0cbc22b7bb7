/* Reads and measures what keys-compare compares. */
#include "common/judge/compared.h"

#include <stdlib.h>

#include "common/memory.h"
#include "common/metrics/bootstrap.h"

/* PURPOSE_SONGS: one for each side of the judge. */
enum { PURPOSE_REAL = 1, PURPOSE_GENERATED = 2, PURPOSE_SONGS = 3 };

static void add_cues_or_die(void *cues, const struct score *score, const struct record *record)
{
    cue_set_add_or_die(cues, score, record);
}

struct compared *compared_read_or_die(const char *real, const char *generated, const char *training,
                                      float floor, const struct score *unstated, uint64_t seed)
{
    struct compared *c = allocate_or_die(1, sizeof *c);
    struct score shape = *unstated;
    c->real = feature_set_read_or_die(real, 0, &shape, add_cues_or_die, &c->cues_real);
    c->generated = feature_set_read_or_die(generated, floor, &shape, add_cues_or_die, &c->cues_generated);
    if (training)
        c->training = feature_set_read_or_die(training, 0, &shape, add_cues_or_die, &c->cues_training);
    c->comparison = comparison_new_or_die(&c->real, &c->generated, training ? &c->training : NULL);
    c->judgement =
        judgement_new_or_die(training ? &c->cues_training : NULL, &c->cues_real, &c->cues_generated, seed);
    return c;
}

void compared_free(struct compared *c)
{
    judgement_free(c->judgement);
    comparison_free(c->comparison);
    feature_set_free(&c->real);
    feature_set_free(&c->generated);
    feature_set_free(&c->training);
    cue_set_free(&c->cues_real);
    cue_set_free(&c->cues_generated);
    cue_set_free(&c->cues_training);
    free(c);
}

const char *compared_row_name(size_t row, char *name, size_t size)
{
    return row < COMPARISON_ROWS ? comparison_row_name(row, name, size)
                                 : judgement_row_name(row - COMPARISON_ROWS);
}

/* Weights (count): each once, or those of a resample: drawn with replacement. Caller frees. */
static float *weights_or_die(size_t count, uint64_t seed, long long resample, uint32_t purpose)
{
    float *weight = allocate_or_die(count, sizeof *weight);
    if (resample >= 0) bootstrap_draw(weight, count, random_key_make(seed, purpose, (uint32_t)resample));
    for (size_t i = 0; i < count && resample < 0; i++) weight[i] = 1;
    return weight;
}

void compared_measure_or_die(double *value, const struct compared *c, uint64_t seed, long long resample)
{
    float *real = weights_or_die(c->real.count, seed, resample, PURPOSE_REAL);
    float *generated = weights_or_die(c->generated.count, seed, resample, PURPOSE_GENERATED);
    float *songs[JUDGED_SIDES];
    for (uint32_t side = 0; side < JUDGED_SIDES; side++)
        songs[side] =
            weights_or_die(judgement_songs(c->judgement, side), seed, resample, PURPOSE_SONGS + side);
    comparison_measure_or_die(value, c->comparison, real, generated);
    judgement_measure_or_die(value + COMPARISON_ROWS, c->judgement, songs);
    free(real);
    free(generated);
    for (size_t side = 0; side < JUDGED_SIDES; side++) free(songs[side]);
}
