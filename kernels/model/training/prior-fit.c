#include "kernels/model/training/prior-fit.h"

#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "common/metrics/feature-set.h"
#include "common/metrics/kernel-density.h"
#include "common/shuffle.h"
#include "kernels/model/training/augment.h"

enum {
    POSTERIORS_A_DIMENSION = 4,
    JUDGED = 512 /* samples, and records at most, that are compared */
};

void fit_prior(struct step *step, const struct dataset *d)
{
    struct model *m = step->model;
    size_t batch = (size_t)m->session.batch;
    size_t side = (size_t)m->generator->prior->latents * (size_t)m->generator->prior->channels;
    size_t rounds = (POSTERIORS_A_DIMENSION * side + batch - 1) / batch;
    real *mu = allocate_or_die(batch * side, sizeof mu[0]),
         *logvar = allocate_or_die(batch * side, sizeof logvar[0]);
    struct random_key key = random_key_make((uint64_t)step->counters->seed, PURPOSE_PRIOR, 0);
    size_t *order = shuffled_or_die(key, d->records);
    struct prior_sums *sums = prior_sums_new_or_die(m->generator->prior);
    for (size_t i = 0; i < rounds; i++) {
        if (windows_wanted(m->session.config))
            windows_batch(d, m->session.config, step->records, order, i, key);
        else
            dataset_batch(d, step->records, order, i);
        m->design->posterior(m->generator, step->records, mu, logvar);
        prior_sums_add(sums, mu, logvar, batch);
    }
    prior_fit(m->generator->prior, sums);
    free(order);
    free(mu);
    free(logvar);
}

/* What the features are computed with: the facts of the records. */
static struct score score_of(const struct dataset *d)
{
    struct record record = {.facts = d->facts};
    struct score score = {.keys = {27, 26 + d->keys.keys},
                          .interval = 0.02,
                          .channels = 2,
                          .rows = (size_t)d->keys.keys,
                          .parts = 1,
                          .frames = (size_t)d->keys.frames};
    char *keys = record_fact(&record, "keys"), *interval = record_fact(&record, "interval");
    struct key_range range;
    if (keys && key_range_parse(keys, &range) && range.last - range.first + 1 == d->keys.keys)
        score.keys = range;
    if (interval && strtod(interval, NULL) > 0) score.interval = strtod(interval, NULL);
    free(keys);
    free(interval);
    return score;
}

/* One record (cell, channel). */
static void judge(struct feature_set *set, size_t i, struct score score, const real *keys)
{
    size_t cells = score.rows * score.frames;
    float *loudness = allocate_or_die(2 * cells, sizeof loudness[0]);
    for (size_t j = 0; j < 2 * cells; j++) loudness[j % 2 * cells + j / 2] = (float)keys[j];
    score.loudness = loudness;
    feature_set_put_or_die(set, i, &score, 0);
    free(loudness);
}

static struct feature_set judge_samples(struct step *step, struct score score)
{
    struct model *m = step->model;
    struct feature_set set = feature_set_new_or_die(JUDGED, &score);
    size_t batch = (size_t)m->session.batch, count = 2 * score.rows * score.frames;
    real *keys = allocate_or_die(batch * count, sizeof keys[0]);
    for (size_t first = 0; first < JUDGED; first += batch) {
        m->design->draw(m->generator, 0, (int)batch, (uint64_t)step->counters->seed, (uint32_t)first);
        m->design->forward(m->generator, no_tensor(), (struct pass){0});
        m->session.ops->download(keys, m->generator->output.data, batch * count);
#pragma omp parallel for schedule(static)
        for (size_t b = 0; b < batch; b++)
            if (first + b < JUDGED) judge(&set, first + b, score, keys + b * count);
    }
    free(keys);
    return set;
}

/* Records, evenly from the data set. */
static struct feature_set judge_records(const struct dataset *d, struct score score)
{
    size_t most = d->records < JUDGED ? d->records : JUDGED, count = 2 * score.rows * score.frames;
    struct feature_set set = feature_set_new_or_die(most, &score);
#pragma omp parallel for schedule(static)
    for (size_t i = 0; i < most; i++) judge(&set, i, score, d->values + i * d->records / most * count);
    return set;
}

/* One feature of all records. Caller frees. */
static double *column(const struct feature_set *set, size_t feature)
{
    double *value = allocate_or_die(set->count, sizeof value[0]);
    for (size_t i = 0; i < set->count; i++) value[i] = set->features[i * FEATURES + feature];
    return value;
}

static double overlap(const struct feature_set *a, const struct feature_set *b)
{
    float once[JUDGED];
    double sum = 0;
    for (size_t i = 0; i < JUDGED; i++) once[i] = 1;
    for (size_t f = 0; f < FEATURES; f++) {
        double *x = column(a, f), *y = column(b, f);
        struct kernel_densities *densities = kernel_densities_new_or_die(x, a->count, y, b->count);
        double area = kernel_densities_overlap(densities, once, once);
        sum += isfinite(area) ? area : 0;
        kernel_densities_free(densities);
        free(x), free(y);
    }
    return sum / FEATURES;
}

/* How like real records samples are: 1 for the same features, as far from one another. That weighs double, or
 * samples would differ more from one another than songs do. */
static double likeness(const struct feature_set *wanted, const struct feature_set *made)
{
    double apart = fabs(feature_set_mean_distance(wanted) - feature_set_mean_distance(made));
    return overlap(wanted, made) - (isfinite(apart) ? 2 * apart : 1);
}

/* The best so far. */
struct choice {
    double likeness;
    struct calibration calibration;
};

static void try_choice(struct choice *best, struct step *step, struct score score,
                       const struct feature_set *wanted, struct calibration tried)
{
    prior_calibrate(step->model->generator->prior, tried);
    struct feature_set made = judge_samples(step, score);
    double like = likeness(wanted, &made);
    if (like > best->likeness) *best = (struct choice){like, tried};
    feature_set_free(&made);
}

/* A member of the calibration, and values of it to try. */
struct tries {
    size_t member;
    real values[5];
};

static void try_values(struct choice *best, struct step *step, struct score score,
                       const struct feature_set *wanted, const struct tries *tries)
{
    struct calibration from = best->calibration;
    for (size_t i = 0; i < sizeof tries->values / sizeof(real); i++) {
        struct calibration tried = from;
        memcpy((char *)&tried + tries->member, &tries->values[i], sizeof(real));
        if (memcmp(&tried, &from, sizeof tried)) try_choice(best, step, score, wanted, tried);
    }
}

/* One member after the other, each where those before it are best; the first ones, which weigh most, twice.
 */
void calibrate_prior(struct step *step, const struct dataset *d)
{
#define MEMBER(NAME) offsetof(struct calibration, NAME)
    static const struct tries tries[] = {
        {MEMBER(breadth), {0, (real)0.2, (real)0.3, (real)0.4, (real)0.6}},
        {MEMBER(threshold), {(real)-0.5, (real)-0.25, (real)-0.1, (real)0.1, (real)0.3}},
        {MEMBER(slow), {1, 2, 3, 4, 6}},
        {MEMBER(smoothing), {0, (real)0.05, (real)0.1, (real)0.15, (real)0.2}},
        {MEMBER(spread), {0, (real)0.4, (real)0.8, (real)1.2, (real)1.6}},
        {MEMBER(fresh), {0, (real)0.03, (real)0.06, (real)0.1, (real)0.2}},
        {MEMBER(warmth), {(real)-0.1, (real)-0.05, 0, (real)0.05, (real)0.1}},
    };
#undef MEMBER
    enum { MEMBERS = sizeof tries / sizeof tries[0] };
    struct score score = score_of(d);
    struct choice best = {.likeness = -INFINITY};
    struct feature_set wanted = judge_records(d, score);
    try_choice(&best, step, score, &wanted,
               (struct calibration){.threshold = (real)-0.25,
                                    .spread = (real)0.8,
                                    .smoothing = (real)0.15,
                                    .slow = 3,
                                    .breadth = (real)0.4,
                                    .fresh = (real)0.06});
    for (int i = 0; i < MEMBERS + 2; i++) try_values(&best, step, score, &wanted, &tries[i % MEMBERS]);
    prior_calibrate(step->model->generator->prior, best.calibration);
    feature_set_free(&wanted);
}
