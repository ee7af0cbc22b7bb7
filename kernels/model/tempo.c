/* The interval of a sample, from its latents and a random number. */
#include "kernels/model/tempo.h"

#include <math.h>
#include <stdlib.h>

#include "common/memory.h"

/* A model's file has the quantiles, the correlation, the direction. */
static size_t stored_count(const struct prior *p)
{
    return PRIOR_TEMPO + (size_t)p->channels;
}

struct tempo tempo_of(const struct prior *p)
{
    struct tempo tempo = {.latents = (size_t)p->latents, .channels = (size_t)p->channels};
    size_t count = stored_count(p);
    real *stored = allocate_or_die(count, sizeof stored[0]);
    tempo.direction = allocate_or_die(2 * tempo.channels, sizeof tempo.direction[0]);
    tempo.mean = tempo.direction + tempo.channels;
    p->session->ops->download(stored, p->tempo.value, count);
    for (int i = 0; i < INTERVALS; i++) tempo.quantile[i] = (double)stored[i];
    tempo.correlation = (double)stored[INTERVALS];
    for (size_t i = 0; i < tempo.channels; i++) tempo.direction[i] = (double)stored[PRIOR_TEMPO + i];
    p->session->ops->download(stored, p->mean.value, tempo.channels);
    for (size_t i = 0; i < tempo.channels; i++) tempo.mean[i] = (double)stored[i];
    free(stored);
    return tempo;
}

void tempo_free(struct tempo *tempo)
{
    free(tempo->direction);
    *tempo = (struct tempo){0};
}

void tempo_keep(const struct prior *p, const struct tempo *tempo)
{
    size_t count = stored_count(p);
    real *stored = allocate_or_die(count, sizeof stored[0]);
    for (int i = 0; i < INTERVALS; i++) stored[i] = (real)tempo->quantile[i];
    stored[INTERVALS] = (real)tempo->correlation;
    for (size_t i = 0; i < tempo->channels; i++) stored[PRIOR_TEMPO + i] = (real)tempo->direction[i];
    p->session->ops->upload(p->tempo.value, stored, count);
    free(stored);
}

double tempo_of_latents(const struct tempo *tempo, const real *z)
{
    double sum = 0;
    for (size_t t = 0; t < tempo->latents; t++)
        for (size_t i = 0; i < tempo->channels; i++)
            sum += tempo->direction[i] * ((double)z[t * tempo->channels + i] - tempo->mean[i]);
    return sum / (double)tempo->latents;
}

double tempo_interval(const struct tempo *tempo, const real *z, double own)
{
    double r = tempo->correlation, score = r * tempo_of_latents(tempo, z) + sqrt(1 - r * r) * own;
    double place = 0.5 * erfc(-score / M_SQRT2) * (INTERVALS - 1);
    int below = (int)fmin(floor(place), INTERVALS - 2);
    const double *at = tempo->quantile + below;
    return at[0] + (place - below) * (at[1] - at[0]);
}

void tempo_set_intervals(const struct prior *p, struct articulation *articulation, const real *z, int batch)
{
    if (!p->session->keys.beat) return;
    struct tempo tempo = tempo_of(p);
    for (int b = 0; b < batch; b++)
        articulation[b].interval = tempo_interval(&tempo, z + (size_t)b * tempo.latents * tempo.channels,
                                                  (double)articulation[b].tempo);
    tempo_free(&tempo);
}
