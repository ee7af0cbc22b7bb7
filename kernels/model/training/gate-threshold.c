/* Quantiles of the logits of samples' gates, from histograms. */
#include "kernels/model/training/gate-threshold.h"

#include <math.h>
#include <stdlib.h>

#include "common/memory.h"

enum { SAMPLES = 128, BINS = 4096 };
static const double LOGITS[2] = {-32, 32}; /* of the histogram; what is beyond counts as at its ends */
static const real HEARD = (real)0.1;       /* of the loudest key */

/* Of the pitched keys, or of a drum: the rows from `first` on. */
struct kind {
    size_t first, rows;
    size_t bin[BINS];      /* gates of samples, by their logits */
    size_t heard, records; /* cells of records that are heard; all */
};

static struct kind *kinds_of(struct keys_shape shape)
{
    struct kind *kinds = allocate_or_die(1 + (size_t)shape.drums, sizeof kinds[0]);
    size_t pitched = (size_t)(shape.keys - shape.drums);
    kinds[0].rows = pitched;
    for (size_t i = 0; i < (size_t)shape.drums; i++) kinds[1 + i].first = pitched + i, kinds[1 + i].rows = 1;
    return kinds;
}

/* Adds the logits of a sample, rows of `stride`, to the bins. */
static void count_gates(struct kind *kind, const real *logits, size_t stride, size_t frames)
{
    for (size_t t = 0; t < frames; t++)
        for (size_t k = kind->first; k < kind->first + kind->rows; k++) {
            double place = ((double)logits[t * stride + k] - LOGITS[0]) / (LOGITS[1] - LOGITS[0]) * BINS;
            kind->bin[(size_t)fmin(fmax(place, 0), BINS - 1)]++;
        }
}

/* Counts the cells (rows * frames, 2) of a record. */
static void count_cells(struct kind *kind, const real *record, size_t frames, real least)
{
    const real *cell = record + 2 * kind->first * frames, *end = cell + 2 * kind->rows * frames;
    real loudest = 0;
    for (const real *x = cell; x < end; x++) loudest = *x > loudest ? *x : loudest;
    kind->records += kind->rows * frames;
    for (; cell < end; cell += 2) kind->heard += cell[0] > least * loudest || cell[1] > least * loudest;
}

/* The logit that as large a share of the gates exceeds as of the cells is heard. */
static double threshold_of(const struct kind *kind)
{
    double gates = 0, above = 0;
    for (int i = 0; i < BINS; i++) gates += (double)kind->bin[i];
    double wanted = (double)kind->heard / (double)kind->records * gates;
    int i = BINS;
    while (i > 0 && above < wanted) above += (double)kind->bin[--i];
    return LOGITS[0] + (LOGITS[1] - LOGITS[0]) * i / BINS;
}

static void count_samples(struct kind *kinds, struct step *step, const struct dataset *d)
{
    struct model *m = step->model;
    struct tensor logits = m->generator->logits;
    size_t batch = (size_t)m->session.batch, each = tensor_count(logits) / batch;
    real *values = allocate_or_die(tensor_count(logits), sizeof values[0]);
    for (size_t first = 0; first < SAMPLES; first += batch) {
        m->design->draw(m->generator, 0, (int)batch, (uint64_t)step->counters->seed, (uint32_t)first);
        m->design->sample(m->generator, (struct pass){0});
        m->session.ops->download(values, logits.data, tensor_count(logits));
        for (size_t b = 0; b < batch; b++)
            for (size_t i = 0; i <= (size_t)d->keys.drums; i++)
                count_gates(&kinds[i], values + b * each, (size_t)logits.channels, (size_t)d->keys.frames);
    }
    free(values);
}

void gate_thresholds_or_die(struct step *step, const struct dataset *d)
{
    const struct prior *prior = step->model->generator->prior;
    size_t frames = (size_t)d->keys.frames, cells = (size_t)d->keys.keys * frames;
    struct kind *kinds = kinds_of(d->keys);
    count_samples(kinds, step, d);
    struct note_statistics *statistics = prior_notes(prior);
    for (size_t i = 0; i <= (size_t)d->keys.drums; i++) {
        for (size_t r = 0; r < d->records; r++)
            count_cells(&kinds[i], d->values + 2 * r * cells, frames, i ? 0 : HEARD);
        statistics[i].of[NOTE_THRESHOLD] = threshold_of(&kinds[i]);
    }
    prior_set_notes(prior, statistics);
    free(statistics);
    free(kinds);
}
