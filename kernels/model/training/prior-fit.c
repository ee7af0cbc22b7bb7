#include "kernels/model/training/prior-fit.h"

#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "common/metrics/feature-set.h"
#include "common/metrics/kernel-density.h"
#include "common/shuffle.h"
#include "kernels/model/keys-facts.h"
#include "kernels/model/prior-sums.h"
#include "kernels/model/training/augment.h"

enum {
    POSTERIORS_A_DIMENSION = 4,
    JUDGED = 512 /* samples, and records at most, that are compared */
};

void prior_fit_to_dataset_or_die(struct step *step, const struct dataset *d)
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
        if (augment_wanted(m->session.config))
            augment_batch(d, m->session.config, step->records, order, i, key);
        else
            dataset_batch(d, step->records, order, i);
        m->design->posterior(m->generator, step->records, mu, logvar);
        prior_sums_add(sums, mu, logvar, batch);
    }
    prior_sums_fit_or_die(sums, m->generator->prior);
    free(order);
    free(mu);
    free(logvar);
}

/* What the features are computed with: the facts of the records. */
static struct score score_of(const struct dataset *d)
{
    struct keys_facts facts = keys_facts_read(d->facts, d->keys.keys);
    return (struct score){.keys = facts.range,
                          .interval = facts.frame_seconds,
                          .channels = 2,
                          .rows = (size_t)d->keys.keys,
                          .parts = 1,
                          .frames = (size_t)d->keys.frames};
}

/* One record (cell, channel). */
static void judge(struct keys_set *set, size_t i, struct score score, const real *keys)
{
    size_t cells = score.rows * score.frames;
    float *loudness = allocate_or_die(2 * cells, sizeof loudness[0]);
    for (size_t j = 0; j < 2 * cells; j++) loudness[j % 2 * cells + j / 2] = (float)keys[j];
    score.loudness = loudness;
    keys_set_put_or_die(set, i, &score, 0);
    free(loudness);
}

static struct keys_set judge_samples(struct step *step, struct score score)
{
    struct model *m = step->model;
    struct keys_set set = keys_set_new_or_die(JUDGED, &score);
    size_t batch = (size_t)m->session.batch, count = 2 * score.rows * score.frames;
    real *keys = allocate_or_die(batch * count, sizeof keys[0]);
    for (size_t first = 0; first < JUDGED; first += batch) {
        m->design->draw(m->generator, 0, (int)batch, (uint64_t)step->counters->seed, (uint32_t)first);
        m->design->sample(m->generator, (struct pass){0});
        m->session.ops->download(keys, m->generator->output.data, batch * count);
#pragma omp parallel for schedule(static)
        for (size_t b = 0; b < batch; b++)
            if (first + b < JUDGED) judge(&set, first + b, score, keys + b * count);
    }
    free(keys);
    return set;
}

/* Records, evenly from the data set. */
static struct keys_set judge_records(const struct dataset *d, struct score score)
{
    size_t most = d->records < JUDGED ? d->records : JUDGED, count = 2 * score.rows * score.frames;
    struct keys_set set = keys_set_new_or_die(most, &score);
#pragma omp parallel for schedule(static)
    for (size_t i = 0; i < most; i++) judge(&set, i, score, d->values + i * d->records / most * count);
    return set;
}

/* One feature of all records. Caller frees. */
static double *column(const struct keys_set *set, size_t feature)
{
    double *value = allocate_or_die(set->count, sizeof value[0]);
    for (size_t i = 0; i < set->count; i++) value[i] = set->features[i * FEATURES + feature];
    return value;
}

static double overlap(const struct keys_set *a, const struct keys_set *b)
{
    float once[JUDGED];
    double sum = 0;
    for (size_t i = 0; i < JUDGED; i++) once[i] = 1;
    for (size_t f = 0; f < FEATURES; f++) {
        double *x = column(a, f), *y = column(b, f);
        struct densities *densities = densities_new_or_die(x, a->count, y, b->count);
        double area = densities_overlap(densities, once, once);
        sum += isfinite(area) ? area : 0;
        densities_free(densities);
        free(x), free(y);
    }
    return sum / FEATURES;
}

/* How like real records samples are: 1 for the same features, as far from one another. That weighs double, or
 * samples would differ more from one another than songs do. */
static double likeness(const struct keys_set *wanted, const struct keys_set *made)
{
    double apart = fabs(keys_set_apart(wanted) - keys_set_apart(made));
    return overlap(wanted, made) - (isfinite(apart) ? 2 * apart : 1);
}

/* The best so far. */
struct choice {
    double likeness;
    struct calibration calibration;
};

static void try_choice(struct choice *best, struct step *step, struct score score,
                       const struct keys_set *wanted, struct calibration tried)
{
    prior_set_calibration(step->model->generator->prior, tried);
    struct keys_set made = judge_samples(step, score);
    double like = likeness(wanted, &made);
    if (like > best->likeness) *best = (struct choice){like, tried};
    keys_set_free(&made);
}

/* A member of the calibration, and values of it to try. */
struct tries {
    size_t member;
    double values[5];
};

static void try_values(struct choice *best, struct step *step, struct score score,
                       const struct keys_set *wanted, const struct tries *tries)
{
    struct calibration from = best->calibration;
    for (size_t i = 0; i < sizeof tries->values / sizeof tries->values[0]; i++) {
        struct calibration tried = from;
        double *member = calibration_member(&tried, tries->member);
        if (*member == tries->values[i]) continue;
        *member = tries->values[i];
        try_choice(best, step, score, wanted, tried);
    }
}

/* One member after the other, each where those before it are best; the first ones, which weigh most, twice.
 */
void prior_fit_calibration_or_die(struct step *step, const struct dataset *d)
{
#define MEMBER(NAME) offsetof(struct calibration, NAME)
    static const struct tries tries[] = {
        {MEMBER(slow_gain), {1, 1.2, 1.3, 1.4, 1.6}},
        {MEMBER(threshold), {-0.5, -0.25, -0.1, 0.1, 0.3}},
        {MEMBER(slow_components), {1, 2, 3, 4, 6}},
        {MEMBER(smoothing), {0, 0.05, 0.1, 0.15, 0.2}},
        {MEMBER(threshold_range), {0, 0.4, 0.8, 1.2, 1.6}},
        {MEMBER(aperiodic), {0, 0.03, 0.06, 0.1, 0.2}},
        {MEMBER(temperature), {0.9, 0.95, 1, 1.05, 1.1}},
    };
#undef MEMBER
    enum { MEMBERS = sizeof tries / sizeof tries[0] };
    struct score score = score_of(d);
    struct choice best = {.likeness = -INFINITY};
    struct keys_set wanted = judge_records(d, score);
    try_choice(&best, step, score, &wanted,
               (struct calibration){.temperature = 1,
                                    .threshold = -0.25,
                                    .threshold_range = 0.8,
                                    .smoothing = 0.15,
                                    .slow_components = 3,
                                    .slow_gain = 1.4,
                                    .aperiodic = 0.06});
    for (int i = 0; i < MEMBERS + 2; i++) try_values(&best, step, score, &wanted, &tries[i % MEMBERS]);
    prior_set_calibration(step->model->generator->prior, best.calibration);
    keys_set_free(&wanted);
}
