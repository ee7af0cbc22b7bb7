/* Makes augmented records on the host, and uploads them as a batch. */
#include "kernels/model/training/augment.h"

#include <string.h>

bool augment_wanted(const struct config *config)
{
    return config->augmentation.windows || config->augmentation.shift || config->augmentation.swap;
}

/* How one record is augmented. */
struct augmentation {
    const struct origin *origin;
    size_t record;
    size_t offset; /* frames from the record's beginning to the window's */
    int shift;     /* keys up; drums stay */
    bool swap;     /* left and right */
};

static struct augmentation augmentation_draw(const struct dataset *d, const struct config *config,
                                             size_t record, struct random_key key, size_t place)
{
    struct augmentation a = {.origin = &d->origin[record], .record = record};
    int shift = config->augmentation.shift;
    uint32_t bits[4];
    random_block(key, (uint32_t)place, bits);
    size_t step = d->keys.beat ? (size_t)d->keys.beat : 1;
    if (config->augmentation.windows && a.origin->next != record)
        a.offset = step * random_below(bits[0], (uint32_t)d->keys.frames / (uint32_t)step);
    a.shift = (int)random_below(bits[1], 2 * (uint32_t)shift + 1) - shift;
    a.swap = config->augmentation.swap && bits[2] >> 31;
    return a;
}

/* `count` frames of a key, (count, 2), times gain. */
static void copy_frames(real *to, const real *from, size_t count, real gain, bool swap)
{
    for (size_t i = 0; i < 2 * count; i++) to[i] = gain * from[swap ? i ^ 1 : i];
}

static void divide_by_largest(real *values, size_t count)
{
    real largest = 0;
    for (size_t i = 0; i < count; i++) largest = values[i] > largest ? values[i] : largest;
    for (size_t i = 0; i < count && largest > 0; i++) values[i] /= largest;
}

/* to (keys * frames, 2) */
static void augmentation_apply(real *to, const struct dataset *d, struct augmentation a)
{
    size_t frames = (size_t)d->keys.frames, row = 2 * frames, count = (size_t)d->keys.keys * row;
    const real *first = d->values + a.record * count, *second = d->values + a.origin->next * count;
    const int pitched = d->keys.keys - d->keys.drums;
    real next_peak = d->origin[a.origin->next].peak;
    memset(to, 0, count * sizeof to[0]);
    for (int k = 0; k < d->keys.keys; k++) {
        bool drum = k >= pitched;
        int from = drum ? k : k - a.shift;
        if (from < 0 || (!drum && from >= pitched)) continue;
        real *key = to + (size_t)k * row;
        copy_frames(key, first + (size_t)from * row + 2 * a.offset, frames - a.offset, a.origin->peak,
                    a.swap);
        copy_frames(key + row - 2 * a.offset, second + (size_t)from * row, a.offset, next_peak, a.swap);
    }
    divide_by_largest(to, count);
}

void augment_batch(const struct dataset *d, const struct config *config, struct tensor records,
                   const size_t *order, size_t number, struct random_key key)
{
    size_t batch = (size_t)records.batch, count = tensor_count(records) / batch;
#pragma omp parallel for schedule(static)
    for (size_t i = 0; i < batch; i++) {
        size_t place = number * batch + i;
        augmentation_apply(d->batch + i * count, d,
                           augmentation_draw(d, config, order[place % d->records], key, place));
    }
    d->ops->upload(records.data, d->batch, batch * count);
}
