/* The centres of the prior's mixture, as a model keeps them: latents, then intervals. */
#include "kernels/model/centres.h"

#include <math.h>
#include <stdlib.h>

#include "common/memory.h"

size_t centres_size(size_t channels)
{
    return CENTRES * (channels + 1);
}

struct centres centres_download(const struct ops *ops, device from, size_t channels)
{
    size_t count = centres_size(channels);
    struct centres c = {.channels = channels, .latent = allocate_or_die(count, sizeof c.latent[0])};
    c.interval = c.latent + CENTRES * channels;
    real *stored = allocate_or_die(count, sizeof stored[0]);
    ops->download(stored, from, count);
    for (size_t i = 0; i < count; i++) c.latent[i] = (double)stored[i];
    free(stored);
    return c;
}

void centres_upload(const struct ops *ops, device to, const struct centres *c)
{
    size_t count = centres_size(c->channels);
    real *stored = allocate_or_die(count, sizeof stored[0]);
    for (size_t i = 0; i < count; i++) stored[i] = (real)c->latent[i];
    ops->upload(to, stored, count);
    free(stored);
}

void centres_free(struct centres *c)
{
    free(c->latent);
    *c = (struct centres){0};
}

double centres_fastest(const struct centres *c)
{
    double fastest = INFINITY;
    for (size_t i = 0; i < CENTRES; i++) fastest = fmin(fastest, c->interval[i]);
    return fastest;
}
