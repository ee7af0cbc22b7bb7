/* The envelope on CUDA against the CPU: one Gaussian and several, wide and narrower than a cell, samples of
 * many parts, ties, silence. */
#include "tests/cuda/both.h"

/* x is scale * random + offset, with `spike` in all channels of a cell near the end; the widths before their
 * sigmoid lie around `width`. */
struct shape {
    int batch, length, channels, gaussians;
    float scale, offset, spike, width;
};

static struct tensor made(struct both *run, struct tensor from, const float *values)
{
    struct tensor x = both_activation(run, from.batch, from.length, from.channels, 0);
    run->ops->upload(from.data, values, tensor_count(from));
    run->ops->copy(x, from);
    return x;
}

static struct tensor input(struct both *run, const struct shape *s)
{
    struct tensor from = both_tensor(run, s->batch, s->length, s->channels, 1);
    const size_t count = tensor_count(from), spike = (size_t)(0.98 * s->length);
    float *values = allocate_or_die(count, sizeof *values);
    run->ops->download(values, from.data, count);
    for (size_t i = 0; i < count; i++) {
        values[i] = s->scale * values[i] + s->offset;
        if (s->spike > 0 && i / (size_t)s->channels % (size_t)s->length == spike) values[i] = s->spike;
    }
    struct tensor x = made(run, from, values);
    free(values);
    return x;
}

/* Every other parameter is below 0; the last sample's last centre is the largest. */
static struct tensor parameters(struct both *run, const struct shape *s)
{
    struct tensor a = both_tensor(run, s->batch, 1, 2 * s->gaussians, 2);
    const size_t count = tensor_count(a), each = 2 * (size_t)s->gaussians;
    float *values = allocate_or_die(count, sizeof *values);
    run->ops->download(values, a.data, count);
    for (size_t i = 0; i < count; i++) {
        values[i] = i % each < each / 2 ? s->width + values[i] : 0.5f + 0.4f * values[i];
        if (i + 1 == count) values[i] = 1;
        if (i % 2) values[i] = -values[i];
    }
    run->ops->upload(a.data, values, count);
    free(values);
    return a;
}

static void run_envelope(struct both *run, const void *shape)
{
    const struct shape *s = shape;
    struct tensor x = input(run, s), a = parameters(run, s);
    struct tensor y = both_activation(run, s->batch, s->length, s->channels, 3);
    struct tensor dy = both_activation(run, s->batch, s->length, s->channels, 4);
    struct tensor dx = both_activation(run, s->batch, s->length, s->channels, 5);
    struct tensor da = both_tensor(run, s->batch, 1, 2 * s->gaussians, 6);
    struct tensor peak = both_tensor(run, s->batch, 1, 2, 7);
    run->ops->envelope(y, peak, x, a);
    run->ops->envelope_backward(dx, da, dy, y, peak, x, a);
    both_keep(run, "y", y);
    both_keep(run, "dx", dx);
    both_keep(run, "da", da);
}

/* Values and indices of the maxima, which bf16 tensors hardly move. */
static void run_peaks(struct both *run, const void *shape)
{
    const struct shape *s = shape;
    struct tensor x = input(run, s), a = parameters(run, s);
    struct tensor y = both_activation(run, s->batch, s->length, s->channels, 0);
    struct tensor peak = both_tensor(run, s->batch, 1, 2, 7);
    run->ops->envelope(y, peak, x, a);
    both_keep(run, "peak", peak);
}

/* Parameters of 0: the narrowest Gaussians, all in one place, none of which has a gradient. */
static void run_narrowest(struct both *run, const void *shape)
{
    const struct shape *s = shape;
    struct tensor x = input(run, s), a = both_tensor(run, s->batch, 1, 2 * s->gaussians, 0);
    struct tensor y = both_tensor(run, s->batch, s->length, s->channels, 0);
    struct tensor dx = both_tensor(run, s->batch, s->length, s->channels, 0);
    struct tensor dy = both_tensor(run, s->batch, s->length, s->channels, 4);
    struct tensor da = both_tensor(run, s->batch, 1, 2 * s->gaussians, 6);
    struct tensor peak = both_tensor(run, s->batch, 1, 2, 7);
    run->ops->envelope(y, peak, x, a);
    run->ops->envelope_backward(dx, da, dy, y, peak, x, a);
    both_keep(run, "y", y);
    both_keep(run, "dx", dx);
    both_keep(run, "da", da);
    both_keep(run, "peak", peak);
}

static void check(const struct shape *s)
{
    char name[96];
    snprintf(name, sizeof name, "envelope (%d, %d, %d) of %d, x = %g r %+g, width %g", s->batch, s->length,
             s->channels, s->gaussians, (double)s->scale, (double)s->offset, (double)s->width);
    /* The gradient by a lone centre is what two numbers leave that nearly cancel: the CPU's are rounded. */
    both_check(name, run_envelope, s, s->batch * s->gaussians == 1 ? 1e-4 : 1e-6, 2e-2);
    both_check(name, run_peaks, s, 1e-6, 1e-6);
}

int main(void)
{
    const float small = 0.125f;
    const struct shape shapes[] = {
        {1, 1, 2, 1, small, 0, 1, 9},    {2, 7, 2, 1, small, 0, 1, 9},      {3, 7, 2, 6, small, 0, 1, 9},
        {2, 241, 2, 6, small, 0, 1, 9},  {3, 241, 3, 2, small, 0, 1, 9},    {2, 1003, 1, 6, small, 0, 1, 9},
        {2, 1024, 2, 9, small, 0, 1, 9}, {2, 2100, 2, 6, small, 0, 1, 9},   {1, 3001, 2, 1, small, 0, 1, 6},
        {2, 2100, 2, 6, small, 0, 1, 3}, {1, 16500, 2, 6, small, 0, 1, 9},  {2, 7, 2, 2, 1, 0, 0, 9},
        {2, 241, 2, 6, 1, 0, 0, 9},      {2, 241, 2, 3, 0.5f, -0.5f, 0, 9}, {2, 241, 2, 3, 0, -0.5f, 0, 9},
        {3, 241, 2, 6, 0, 0, 0, 9},      {100, 7, 2, 6, small, 0, 1, 9},
    };
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) check(&shapes[i]);
    both_check("envelope, parameters of 0", run_narrowest, &(struct shape){2, 241, 2, 3, 0, 1, 0, 0}, 1e-6,
               0);
    return done();
}
