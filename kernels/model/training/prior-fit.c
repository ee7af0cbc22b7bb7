/* Estimates the prior from posteriors, and calibrates its samples by a coordinate search. */
#include "kernels/model/training/prior-fit.h"

#include <math.h>
#include <stdlib.h>

#include "common/judge/cue-set.h"
#include "common/judge/cues.h"
#include "common/memory.h"
#include "common/metrics/feature-set.h"
#include "common/metrics/kernel-density.h"
#include "common/shuffle.h"
#include "kernels/model/keys-facts.h"
#include "kernels/model/prior-sums.h"
#include "kernels/model/training/augment.h"
#include "kernels/model/training/gate-threshold.h"

enum {
    POSTERIORS_A_DIMENSION = 4,
    COMPARED = 512 /* samples, and records at most */
};

void prior_fit_to_dataset_or_die(struct step *step, const struct dataset *d)
{
    struct model *m = step->model;
    size_t batch = (size_t)m->session.batch;
    size_t side = (size_t)m->generator->prior->latents * (size_t)m->generator->prior->channels;
    size_t rounds = (POSTERIORS_A_DIMENSION * side + batch - 1) / batch;
    real *mu = allocate_or_die(batch * side, sizeof mu[0]),
         *logvar = allocate_or_die(batch * side, sizeof logvar[0]);
    double *interval = allocate_or_die(batch, sizeof interval[0]);
    struct random_key key = random_key_make((uint64_t)step->counters->seed, PURPOSE_PRIOR, 0);
    size_t *order = shuffled_or_die(key, d->records);
    struct prior_sums *sums = prior_sums_new_or_die(m->generator->prior, rounds * batch);
    for (size_t i = 0; i < rounds; i++) {
        if (augment_wanted(m->session.config))
            augment_batch(d, m->session.config, step->records, order, i, key);
        else
            dataset_batch(d, step->records, order, i);
        m->design->posterior(m->generator, step->records, mu, logvar);
        for (size_t b = 0; b < batch; b++)
            interval[b] = d->origin[order[(i * batch + b) % d->records]].interval;
        prior_sums_add(sums, mu, logvar, d->keys.beat ? interval : NULL, batch);
    }
    prior_sums_fit_or_die(sums, m->generator->prior);
    free(order);
    free(interval);
    free(mu);
    free(logvar);
}

/* Keys, frames and facts of the records, without loudnesses: what their features are computed with. Where
 * there are beats each record has an interval of its own. */
static struct score score_of(const struct dataset *d)
{
    struct keys_facts facts = keys_facts_read(d->facts, d->keys.keys);
    return (struct score){.keys = facts.range,
                          .interval = facts.frame_seconds,
                          .beat = (size_t)d->keys.beat,
                          .channels = 2,
                          .rows = (size_t)d->keys.keys,
                          .pitched = (size_t)(d->keys.keys - d->keys.drums),
                          .drums = (size_t)d->keys.drums,
                          .parts = 1,
                          .frames = (size_t)d->keys.frames};
}

/* The numbers of records that are compared: their features, and the judge's named cues. */
struct heard {
    struct feature_set features;
    double (*cues)[NAMED_CUES]; /* (count) */
};

static struct heard heard_new_or_die(size_t count, const struct score *score)
{
    return (struct heard){feature_set_new_or_die(count, score),
                          allocate_or_die(count, sizeof(double[NAMED_CUES]))};
}

static void heard_free(struct heard *heard)
{
    feature_set_free(&heard->features);
    free(heard->cues);
}

/* Hears keys (keys * frames, 2) as record i; interval: of its frames, or 0: the score's. */
static void hear_record(struct heard *heard, size_t i, struct score score, double interval, const real *keys)
{
    double cues[CUES];
    size_t cells = score.rows * score.frames;
    float *loudness = allocate_or_die(2 * cells, sizeof loudness[0]);
    for (size_t j = 0; j < 2 * cells; j++) loudness[j % 2 * cells + j / 2] = (float)keys[j];
    score.loudness = loudness;
    if (interval > 0) score.interval = interval;
    feature_set_put_or_die(&heard->features, i, &score, 0);
    cues_or_die(cues, &score, 0);
    for (size_t j = 0; j < NAMED_CUES; j++) heard->cues[i][j] = cues[named_cue[j]];
    free(loudness);
}

/* Samples of the model as it is now. */
static struct heard hear_samples(struct step *step, struct score score)
{
    struct model *m = step->model;
    struct heard heard = heard_new_or_die(COMPARED, &score);
    size_t batch = (size_t)m->session.batch, count = 2 * score.rows * score.frames;
    real *keys = allocate_or_die(batch * count, sizeof keys[0]);
    for (size_t first = 0; first < COMPARED; first += batch) {
        m->design->draw(m->generator, 0, (int)batch, (uint64_t)step->counters->seed, (uint32_t)first);
        m->design->sample(m->generator, (struct pass){0});
        m->session.ops->download(keys, m->generator->output.data, batch * count);
#pragma omp parallel for schedule(static)
        for (size_t b = 0; b < batch; b++)
            if (first + b < COMPARED)
                hear_record(&heard, first + b, score, m->generator->articulation[b].interval,
                            keys + b * count);
    }
    free(keys);
    return heard;
}

/* Records, taken evenly from the data set. */
static struct heard hear_records(const struct dataset *d, struct score score)
{
    size_t most = d->records < COMPARED ? d->records : COMPARED, count = 2 * score.rows * score.frames;
    struct heard heard = heard_new_or_die(most, &score);
#pragma omp parallel for schedule(static)
    for (size_t i = 0; i < most; i++) {
        size_t record = i * d->records / most;
        hear_record(&heard, i, score, d->origin[record].interval, d->values + record * count);
    }
    return heard;
}

/* Number n of all records: a feature, or behind them a cue. Caller frees. */
static double *column(const struct heard *heard, size_t n)
{
    double *value = allocate_or_die(heard->features.count, sizeof value[0]);
    for (size_t i = 0; i < heard->features.count; i++)
        value[i] = n < FEATURES ? heard->features.features[i * FEATURES + n] : heard->cues[i][n - FEATURES];
    return value;
}

/* The weight of number n. One number hears the beat, and three hear what it costs: repetition, kept keys and
 * the movement of harmony. */
static double weight_of(size_t n)
{
    return n == FEATURE_PULSE ? 2 : 1;
}

/* The overlap of the two sets' densities, 0 to 1, the weighted mean over the numbers. */
static double overlap(const struct heard *a, const struct heard *b)
{
    enum { NUMBERS = FEATURES + NAMED_CUES };
    float ones[COMPARED];
    double sum = 0, weights = 0;
    for (size_t i = 0; i < COMPARED; i++) ones[i] = 1;
    for (size_t n = 0; n < NUMBERS; n++) {
        double *x = column(a, n), *y = column(b, n);
        struct kernel_densities *densities =
            kernel_densities_new_or_die(x, a->features.count, y, b->features.count);
        double area = kernel_densities_overlap(densities, ones, ones);
        sum += isfinite(area) ? weight_of(n) * area : 0;
        weights += weight_of(n);
        kernel_densities_free(densities);
        free(x), free(y);
    }
    return sum / weights;
}

/* How like the records the samples are, at most 1: the overlap, less twice the difference of the mean
 * distances within each set. With less weight on the distances, samples would differ more from one another
 * than songs do. */
static double likeness(const struct heard *records, const struct heard *samples)
{
    double difference =
        fabs(feature_set_mean_distance(&records->features) - feature_set_mean_distance(&samples->features));
    return overlap(records, samples) - (isfinite(difference) ? 2 * difference : 1);
}

/* The search for the calibration. */
struct search {
    struct step *step;
    struct score score;
    struct heard records;
    struct calibration best;
    double best_likeness;
};

static void try_calibration(struct search *search, struct calibration calibration)
{
    prior_set_calibration(search->step->model->generator->prior, calibration);
    struct heard samples = hear_samples(search->step, search->score);
    double like = likeness(&search->records, &samples);
    if (like > search->best_likeness) search->best_likeness = like, search->best = calibration;
    heard_free(&samples);
}

/* A member of the calibration, and the values that are tried for it. */
struct candidates {
    enum calibration_number member;
    double values[5];
};

static void try_candidates(struct search *search, const struct candidates *candidates)
{
    struct calibration start = search->best;
    for (size_t i = 0; i < sizeof candidates->values / sizeof candidates->values[0]; i++) {
        struct calibration tried = start;
        double *member = calibration_member(&tried, (int)candidates->member);
        if (*member == candidates->values[i]) continue;
        *member = candidates->values[i];
        try_calibration(search, tried);
    }
}

/* Coordinate search: one member after the other, the others being the best so far; the first two members,
 * which matter most, are searched again at the end. */
static void search_members(struct search *search)
{
    static const struct candidates candidates[CALIBRATION_MEMBERS] = {
        {CALIBRATION_THRESHOLD, {0, 0.2, 0.4, 0.6, 0.8}},
        {CALIBRATION_SLOW_GAIN, {0.8, 1, 1.2, 1.3, 1.4}},
        {CALIBRATION_CLOSING, {0, 0.4, 0.8, 1, 1.2}},
        {CALIBRATION_OPENING, {0, 0.2, 0.4, 0.6, 0.8}},
        {CALIBRATION_LEAST, {1, 2, 3, 4, 5}},
        {CALIBRATION_SLOW_COMPONENTS, {2, 3, 4, 6, 8}},
        {CALIBRATION_THRESHOLD_RANGE, {0, 0.3, 0.6, 0.9, 1.2}},
        {CALIBRATION_APERIODIC, {0, 0.1, 0.2, 0.3, 0.4}},
        {CALIBRATION_AGAIN, {-2, -1.5, -1, -0.5, 0.5}},
        {CALIBRATION_EXPRESSION, {0.3, 0.5, 0.7, 0.85, 1}},
        {CALIBRATION_TEMPERATURE, {0.9, 0.95, 1, 1.05, 1.1}},
    };
    for (int i = 0; i < CALIBRATION_MEMBERS + 2; i++)
        try_candidates(search, &candidates[i % CALIBRATION_MEMBERS]);
}

void prior_fit_calibration_or_die(struct step *step, const struct dataset *d)
{
    struct search search = {.step = step, .score = score_of(d), .best_likeness = -INFINITY};
    search.records = hear_records(d, search.score);
    struct calibration start = {
        .temperature = 1,
        .threshold_range = 0.9,
        .slow_components = 3,
        .slow_gain = 1.2,
        .aperiodic = 0.2,
        .gating = {
            .threshold = 0.6, .opening = 0.4, .closing = 0.8, .least = 2, .again = -1.5, .expression = 0.5}};
    prior_set_calibration(step->model->generator->prior, start);
    gate_thresholds_or_die(step, d);
    try_calibration(&search, start);
    search_members(&search);
    prior_set_calibration(step->model->generator->prior, search.best);
    heard_free(&search.records);
}
