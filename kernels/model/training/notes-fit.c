/* Sums over the notes of records: levels by age, in decibels, of the record and of what is decoded. */
#include "kernels/model/training/notes-fit.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/memory.h"

enum {
    RECORDS = 256, /* at most */
    LEAST = 3      /* frames of a key's note that counts; a drum's counts always */
};

static const double FAINTEST = 0.001; /* softer loudnesses have its level */

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

struct pairs {
    double count, x, y, xx, yy, xy; /* sums */
};

static void pairs_add(struct pairs *p, double x, double y)
{
    p->count++;
    p->x += x, p->y += y, p->xx += x * x, p->yy += y * y, p->xy += x * y;
}

/* Between 0 and 0.99. */
static double pairs_correlation(const struct pairs *p)
{
    double n = p->count, of_x = p->xx * n - p->x * p->x, of_y = p->yy * n - p->y * p->y;
    if (!(of_x > 0 && of_y > 0)) return 0;
    return fmin(fmax((p->xy * n - p->x * p->y) / sqrt(of_x * of_y), 0), 0.99);
}

/* Of the pitched keys, or of a drum. */
struct kind {
    struct sum level, age[ATTACK_FRAMES];
    struct pairs successive[ATTACK_FRAMES]; /* deviations of that age, and a frame before */
    double width[RECORDS];
    size_t widths;
};

struct measurement {
    struct kind *kind;           /* (1 + drums) */
    const real *record, *logits; /* (keys * frames, 2), (length, 3 keys) of the record that is measured */
    size_t stride, frames, keys;
    double *difference; /* (frames): of a note, dB */
};

static double decibels(double loudness)
{
    return 20 * log10(fmax(loudness, FAINTEST));
}

/* The louder channel's level in the record less the decoded one. */
static double difference_at(const struct measurement *m, size_t key, size_t t)
{
    const real *cell = m->record + 2 * (key * m->frames + t);
    double root = 1 / (1 + exp(-(double)m->logits[t * m->stride + 2 * m->keys + key]));
    return decibels(fmax((double)cell[0], (double)cell[1])) - decibels(root * root);
}

static void add_note(struct kind *kind, struct sum *balance, struct measurement *m, size_t key, size_t start,
                     size_t end)
{
    double mean = 0, side = 0, before = 0;
    for (size_t t = start; t < end; t++) {
        const real *cell = m->record + 2 * (key * m->frames + t);
        double left = (double)cell[0], right = (double)cell[1];
        m->difference[t - start] = difference_at(m, key, t);
        mean += m->difference[t - start] / (double)(end - start);
        side += (left - right) / fmax(left, right) / (double)(end - start);
    }
    sum_add(&kind->level, mean);
    sum_add(balance, side);
    for (size_t age = 0; age < end - start; age++) {
        size_t known = age < ATTACK_FRAMES ? age : ATTACK_FRAMES - 1;
        double deviation = m->difference[age] - mean;
        sum_add(&kind->age[known], deviation);
        if (age > 0) pairs_add(&kind->successive[known], before, deviation);
        before = deviation;
    }
}

/* Keys from `first` on. Notes that an end of the record cuts are left out: their onset, or their level, is
 * not known. */
static void add_keys(struct kind *kind, struct measurement *m, size_t first, size_t count, size_t least)
{
    struct sum balance = {0};
    for (size_t key = first; key < first + count; key++) {
        const real *cells = m->record + 2 * key * m->frames;
        for (size_t start = 0, end; start < m->frames; start = end) {
            end = start + 1;
            if (cells[2 * start] <= 0 && cells[2 * start + 1] <= 0) continue;
            while (end < m->frames && (cells[2 * end] > 0 || cells[2 * end + 1] > 0)) end++;
            if (start > 0 && end < m->frames && end - start >= least)
                add_note(kind, &balance, m, key, start, end);
        }
    }
    /* Songs may be heard from either side, so balances have no mean. */
    if (balance.count > 1)
        kind->width[kind->widths++] = width_of_deviation(sqrt(balance.square / balance.count));
}

static void add_record(struct measurement *m, size_t drums)
{
    size_t pitched = m->keys - drums;
    add_keys(&m->kind[0], m, 0, pitched, LEAST);
    for (size_t i = 0; i < drums; i++) add_keys(&m->kind[1 + i], m, pitched + i, 1, 1);
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static struct note_statistics statistics_of(struct kind *kind)
{
    struct note_statistics s = {
        {[NOTE_GAIN] = sum_mean(&kind->level), [NOTE_LEVEL] = sum_deviation(&kind->level)}};
    for (int age = 0; age < ATTACK_FRAMES; age++) {
        s.of[NOTE_COLOUR + age] = pairs_correlation(&kind->successive[age]);
        s.of[NOTE_ATTACK + age] = sum_mean(&kind->age[age]);
        s.of[NOTE_DEVIATION + age] = sum_deviation(&kind->age[age]);
    }
    qsort(kind->width, kind->widths, sizeof kind->width[0], ascending);
    for (size_t i = 0; kind->widths > 0 && i < WIDTH_QUANTILES; i++)
        s.of[NOTE_WIDTH + i] = kind->width[(2 * i + 1) * (kind->widths - 1) / (2 * WIDTH_QUANTILES)];
    return s;
}

static void set_statistics(struct measurement *m, const struct prior *prior)
{
    size_t kinds = 1 + (size_t)prior->session->keys.drums;
    struct note_statistics *statistics = allocate_or_die(kinds, sizeof statistics[0]);
    for (size_t i = 0; i < kinds; i++) statistics[i] = statistics_of(&m->kind[i]);
    prior_set_notes(prior, statistics);
    free(statistics);
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
    measurement.kind = allocate_or_die(1 + (size_t)d->keys.drums, sizeof measurement.kind[0]);
    measurement.difference = allocate_or_die(measurement.frames, sizeof measurement.difference[0]);
    for (size_t first = 0; first < all; first += batch) {
        for (size_t b = 0; b < batch; b++)
            chosen[b] = (first + b < all ? first + b : all - 1) * d->records / all;
        dataset_batch(d, step->records, chosen, 0);
        m->design->draw(m->generator, 0, (int)batch, (uint64_t)step->counters->seed, (uint32_t)first);
        m->design->forward(m->generator, step->records, false, (struct pass){0});
        ops->download(decoded, logits.data, tensor_count(logits));
        for (size_t b = 0; b < batch && first + b < all; b++) {
            measurement.record = d->values + chosen[b] * cells;
            measurement.logits = decoded + b * each;
            add_record(&measurement, (size_t)d->keys.drums);
        }
    }
    set_statistics(&measurement, m->generator->prior);
    free(measurement.difference);
    free(measurement.kind);
    free(chosen);
    free(decoded);
}
