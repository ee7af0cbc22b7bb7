#include "kernels/model/training/memory-check.h"

#include "common/fail.h"
#include "kernels/model/training/step.h"

/* The bytes of a training run: the model is built without its memory. */
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

/* The largest batch below `batch` that fits, or 0. */
static int largest_that_fits(const struct ops *ops, const struct config *config, struct keys_shape keys,
                             int batch, size_t available)
{
    int fits = 0, not = batch;
    while (not -fits > 1) {
        int middle = fits + (not -fits) / 2;
        if (bytes_wanted(ops, config, keys, middle) <= available)
            fits = middle;
        else
            not = middle;
    }
    return fits;
}

void memory_check_or_die(const struct ops *ops, const struct config *config, struct keys_shape keys)
{
    size_t available = ops->available();
    if (available == SIZE_MAX) return;
    size_t wanted = bytes_wanted(ops, config, keys, config->batch_size);
    if (wanted <= available) return;
    int fits = largest_that_fits(ops, config, keys, config->batch_size, available);
    if (!fits) die("%s: even batch_size 1 does not fit: %zu bytes are free", ops->name, available);
    die("%s: batch_size %d wants %zu bytes of memory, %zu are free; batch_size %d fits", ops->name,
        config->batch_size, wanted, available, fits);
}
