/* Measures the memory of a training run, and searches for the largest batch that fits. */
#include "kernels/model/training/memory-check.h"

#include "common/fail.h"
#include "kernels/model/training/step.h"

/* The bytes of a training run: the model is built while the backend counts memory without taking it. */
static size_t bytes_wanted(const struct ops *ops, const struct config *config, struct keys_shape keys,
                           int batch)
{
    struct counters counters = {0};
    size_t before = ops->allocated();
    ops->measure(true);
    struct model *model = model_new_or_die(ops, config, keys, batch, true);
    step_make_or_die(model, &counters);
    size_t bytes = ops->allocated() - before;
    model_free(model);
    ops->measure(false);
    return bytes;
}

/* The largest batch below `batch`, which does not fit, that fits, or 0; by bisection. */
static int largest_fitting(const struct ops *ops, const struct config *config, struct keys_shape keys,
                           int batch, size_t available)
{
    int fitting = 0, too_large = batch;
    while (too_large - fitting > 1) {
        int middle = fitting + (too_large - fitting) / 2;
        if (bytes_wanted(ops, config, keys, middle) <= available)
            fitting = middle;
        else
            too_large = middle;
    }
    return fitting;
}

void memory_check_or_die(const struct ops *ops, const struct config *config, struct keys_shape keys)
{
    size_t available = ops->available();
    if (available == SIZE_MAX) return;
    size_t wanted = bytes_wanted(ops, config, keys, config->batch_size);
    if (wanted <= available) return;
    int fitting = largest_fitting(ops, config, keys, config->batch_size, available);
    if (!fitting) die("%s: even batch_size 1 does not fit: %zu bytes are free", ops->name, available);
    die("%s: batch_size %d wants %zu bytes of memory, %zu are free; batch_size %d fits", ops->name,
        config->batch_size, wanted, available, fitting);
}
