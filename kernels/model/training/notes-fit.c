/* Sums over the notes of records: levels by age, in decibels, of the record and of what is decoded. */
#include "kernels/model/training/notes-fit.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/memory.h"

enum {
    RECORDS = 256, /* at most */
    LEAST = 3      /* frames of a note that counts */
};

static const double FAINTEST = 0.01; /* softer loudnesses have its level */

struct sum {
    double count, sum, square;
};

static void sum_add(struct sum *s, double value)
{
    s->count++;
    s->sum += value;
    s->square += value * value;
}

static double sum_mean(const struct sum *s)
{
    return s->count > 0 ? s->sum / s->count : 0;
}

static double sum_deviation(const struct sum *s)
{
    double mean = sum_mean(s);
    return s->count > 0 ? sqrt(fmax(0, s->square / s->count - mean * mean)) : 0;
}

struct measurement {
    struct sum level, age[ATTACK_FRAMES];
    double covariance, square; /* of successive deviations from the mean of their age */
    double width[RECORDS];
    size_t widths;
    const real *record, *logits; /* (keys * frames, 2), (length, 4 keys) of the record that is measured */
    size_t stride, frames, keys;
    double *difference; /* (frames): of a note, dB */
};

static double decibels(double loudness)
{
    return 20 * log10(fmax(loudness, FAINTEST));
}

/* The louder channel's level in the record less the decoded one, which is the mean of both roots, squared. */
static double difference_at(const struct measurement *m, size_t key, size_t t)
{
    const real *cell = m->record + 2 * (key * m->frames + t);
    const real *row = m->logits + t * m->stride + 2 * m->keys + key;
    double root = (1 / (1 + exp(-(double)row[0])) + 1 / (1 + exp(-(double)row[m->keys]))) / 2;
    return decibels(fmax((double)cell[0], (double)cell[1])) - decibels(root * root);
}

static void add_note(struct measurement *m, size_t key, size_t start, size_t end, struct sum *balance)
{
    double mean = 0, side = 0, before = 0;
    for (size_t t = start; t < end; t++) {
        const real *cell = m->record + 2 * (key * m->frames + t);
        double left = (double)cell[0], right = (double)cell[1];
        m->difference[t - start] = difference_at(m, key, t);
        mean += m->difference[t - start] / (double)(end - start);
        side += (left - right) / fmax(left, right) / (double)(end - start);
    }
    sum_add(&m->level, mean);
    sum_add(balance, side);
    for (size_t age = 0; age < end - start; age++) {
        size_t known = age < ATTACK_FRAMES ? age : ATTACK_FRAMES - 1;
        double deviation = m->difference[age] - mean;
        sum_add(&m->age[known], deviation);
        if (age > 1) m->covariance += deviation * before, m->square += before * before;
        before = deviation;
    }
}

/* Notes that an end of the record cuts are left out: their onset, or their level, is not known. */
static void add_record(struct measurement *m, size_t pitched)
{
    struct sum balance = {0};
    for (size_t key = 0; key < pitched; key++) {
        const real *cells = m->record + 2 * key * m->frames;
        for (size_t start = 0, end; start < m->frames; start = end) {
            end = start + 1;
            if (cells[2 * start] <= 0 && cells[2 * start + 1] <= 0) continue;
            while (end < m->frames && (cells[2 * end] > 0 || cells[2 * end + 1] > 0)) end++;
            if (start > 0 && end < m->frames && end - start >= LEAST) add_note(m, key, start, end, &balance);
        }
    }
    /* Songs may be heard from either side, so balances have no mean. */
    if (balance.count > 1) m->width[m->widths++] = width_of_deviation(sqrt(balance.square / balance.count));
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void set_statistics(struct measurement *m, const struct prior *prior)
{
    double statistics[NOTE_STATISTICS] = {
        [NOTE_GAIN] = sum_mean(&m->level), [NOTE_LEVEL] = sum_deviation(&m->level)};
    statistics[NOTE_COLOUR] = m->square > 0 ? fmin(fmax(m->covariance / m->square, 0), 0.99) : 0;
    for (int age = 0; age < ATTACK_FRAMES; age++) {
        statistics[NOTE_ATTACK + age] = sum_mean(&m->age[age]);
        statistics[NOTE_DEVIATION + age] = sum_deviation(&m->age[age]);
    }
    qsort(m->width, m->widths, sizeof m->width[0], ascending);
    for (size_t i = 0; m->widths > 0 && i < WIDTH_QUANTILES; i++)
        statistics[NOTE_WIDTH + i] = m->width[i * (m->widths - 1) / (WIDTH_QUANTILES - 1)];
    prior_set_notes(prior, statistics);
}

void notes_fit_or_die(struct step *step, const struct dataset *d)
{
    struct model *m = step->model;
    const struct ops *ops = m->session.ops;
    struct tensor logits = m->generator->logits;
    size_t batch = (size_t)m->session.batch, all = d->records < RECORDS ? d->records : RECORDS;
    size_t cells = 2 * (size_t)d->keys.keys * (size_t)d->keys.frames, each = tensor_count(logits) / batch;
    struct measurement measurement = {
        .stride = (size_t)logits.channels, .frames = (size_t)d->keys.frames, .keys = (size_t)d->keys.keys};
    real *decoded = allocate_or_die(tensor_count(logits), sizeof decoded[0]);
    size_t *chosen = allocate_or_die(batch, sizeof chosen[0]);
    measurement.difference = allocate_or_die(measurement.frames, sizeof measurement.difference[0]);
    for (size_t first = 0; first < all; first += batch) {
        for (size_t b = 0; b < batch; b++)
            chosen[b] = (first + b < all ? first + b : all - 1) * d->records / all;
        dataset_batch(d, step->records, chosen, 0);
        m->design->draw(m->generator, 0, (int)batch, (uint64_t)step->counters->seed, (uint32_t)first);
        m->design->forward(m->generator, step->records, (struct pass){0});
        ops->download(decoded, logits.data, tensor_count(logits));
        for (size_t b = 0; b < batch && first + b < all; b++) {
            measurement.record = d->values + chosen[b] * cells;
            measurement.logits = decoded + b * each;
            add_record(&measurement, measurement.keys - (size_t)d->keys.drums);
        }
    }
    set_statistics(&measurement, m->generator->prior);
    free(measurement.difference);
    free(chosen);
    free(decoded);
}
