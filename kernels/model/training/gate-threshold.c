/* A quantile of the logits of samples' gates, from a histogram. */
#include "kernels/model/training/gate-threshold.h"

#include <math.h>
#include <stdlib.h>

#include "common/memory.h"

enum { SAMPLES = 128, BINS = 4096 };
static const double LOGITS[2] = {-32, 32}; /* of the histogram; what is beyond counts as at its ends */

/* Adds the logits of a sample, rows of `stride`, to the bins. */
static void count_gates(size_t *bin, const real *logits, size_t stride, struct keys_shape shape)
{
    size_t keys = (size_t)shape.keys;
    for (size_t t = 0; t < (size_t)shape.frames; t++)
        for (size_t k = 0; k < keys - (size_t)shape.drums; k++) {
            double gate = fmax((double)logits[t * stride + k], (double)logits[t * stride + keys + k]);
            double place = (gate - LOGITS[0]) / (LOGITS[1] - LOGITS[0]) * BINS;
            bin[(size_t)fmin(fmax(place, 0), BINS - 1)]++;
        }
}

static double share_sounding(const struct dataset *d)
{
    size_t sounding = 0, cells = (size_t)d->keys.keys * (size_t)d->keys.frames;
    size_t pitched = cells - (size_t)d->keys.drums * (size_t)d->keys.frames;
    for (size_t i = 0; i < d->records; i++)
        for (size_t j = 0; j < pitched; j++) {
            const real *cell = d->values + 2 * (i * cells + j);
            sounding += cell[0] > 0 || cell[1] > 0;
        }
    return (double)sounding / (double)(d->records * pitched);
}

double gate_threshold_or_die(struct step *step, const struct dataset *d)
{
    struct model *m = step->model;
    struct tensor logits = m->generator->logits;
    size_t batch = (size_t)m->session.batch, each = tensor_count(logits) / batch, bin[BINS] = {0}, all = 0;
    real *values = allocate_or_die(tensor_count(logits), sizeof values[0]);
    for (size_t first = 0; first < SAMPLES; first += batch) {
        m->design->draw(m->generator, 0, (int)batch, (uint64_t)step->counters->seed, (uint32_t)first);
        m->design->sample(m->generator, (struct pass){0});
        m->session.ops->download(values, logits.data, tensor_count(logits));
        for (size_t b = 0; b < batch; b++)
            count_gates(bin, values + b * each, (size_t)logits.channels, d->keys);
    }
    free(values);
    for (int i = 0; i < BINS; i++) all += bin[i];
    double above = 0, wanted = share_sounding(d) * (double)all;
    int i = BINS;
    while (i > 0 && above < wanted) above += (double)bin[--i];
    return LOGITS[0] + (LOGITS[1] - LOGITS[0]) * i / BINS;
}
