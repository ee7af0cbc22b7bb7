/* The generator's output stage on CUDA against the CPU: samples of many parts, lengths up and down, ties,
 * silence. */
#include "tests/cuda/both.h"

/* x is scale * random + offset; all of it numbers that bf16 holds. */
struct shape {
    int batch, in, out, channels;
    float scale, offset;
};

static struct tensor input(struct both *run, const struct shape *s)
{
    struct tensor from = both_tensor(run, s->batch, s->in, s->channels, 1);
    struct tensor x = both_activation(run, s->batch, s->in, s->channels, 0);
    const size_t count = tensor_count(from);
    float *values = allocate_or_die(count, sizeof *values);
    run->ops->download(values, from.data, count);
    for (size_t i = 0; i < count; i++) values[i] = s->scale * values[i] + s->offset;
    run->ops->upload(from.data, values, count);
    run->ops->copy(x, from);
    free(values);
    return x;
}

static void run_both_passes(struct both *run, const void *shape)
{
    const struct shape *s = shape;
    struct tensor x = input(run, s), dx = both_activation(run, s->batch, s->in, s->channels, 2);
    struct tensor y = both_activation(run, s->batch, s->out, s->channels, 3);
    struct tensor dy = both_activation(run, s->batch, s->out, s->channels, 4);
    struct tensor peak = both_tensor(run, s->batch, 1, 2, 5);
    run->ops->hard_sigmoid(y, peak, x);
    run->ops->hard_sigmoid_backward(dx, dy, peak, x);
    both_keep(run, "y", y);
    both_keep(run, "dx", dx);
}

/* Values and indices of the maxima, which are the same in any precision. */
static void run_peaks(struct both *run, const void *shape)
{
    const struct shape *s = shape;
    struct tensor x = input(run, s), y = both_activation(run, s->batch, s->out, s->channels, 0);
    struct tensor peak = both_tensor(run, s->batch, 1, 2, 5);
    run->ops->hard_sigmoid(y, peak, x);
    both_keep(run, "peak", peak);
}

/* Reals, dx bf16: what the model has, for it takes any mixture. */
static void run_mixed(struct both *run, const void *shape)
{
    const struct shape *s = shape;
    struct tensor x = both_tensor(run, s->batch, s->in, s->channels, 1);
    struct tensor dx = both_activation(run, s->batch, s->in, s->channels, 0);
    struct tensor y = both_tensor(run, s->batch, s->out, s->channels, 0);
    struct tensor dy = both_tensor(run, s->batch, s->out, s->channels, 4);
    struct tensor peak = both_tensor(run, s->batch, 1, 2, 0);
    run->ops->hard_sigmoid(y, peak, x);
    run->ops->hard_sigmoid_backward(dx, dy, peak, x);
    both_keep(run, "y", y);
    both_keep(run, "dx", dx);
    both_keep(run, "peak", peak);
}

/* The largest stands first; last, after what is no number; and no number stands first, which then counts as
 * the largest: -1 is kept for it. */
static void run_places(struct both *run, const void *shape)
{
    const struct shape *s = shape;
    struct tensor x = both_tensor(run, s->batch, s->in, s->channels, 1);
    struct tensor y = both_tensor(run, s->batch, s->out, s->channels, 0);
    struct tensor peak = both_tensor(run, s->batch, 1, 2, 0);
    const size_t size = tensor_count(x) / (size_t)s->batch;
    const float wrong = NAN, most = 2;
    float peaks[6];
    run->ops->upload(x.data, &most, 1);
    run->ops->upload(run->ops->at(x.data, 2 * size - 1), &most, 1);
    run->ops->upload(run->ops->at(x.data, 2 * size - 2), &wrong, 1);
    run->ops->upload(run->ops->at(x.data, 2 * size), &wrong, 1);
    run->ops->hard_sigmoid(y, peak, x);
    run->ops->download(peaks, peak.data, 6);
    if (isnan((double)peaks[4])) peaks[4] = -1;
    run->ops->upload(peak.data, peaks, 6);
    both_keep(run, "peak", peak);
}

int main(void)
{
    static const struct shape shapes[] = {{1, 1, 1, 2, 1, 0},
                                          {2, 7, 7, 2, 1, 0},
                                          {3, 7, 1, 2, 1, 0},
                                          {1, 1, 7, 2, 1, 0},
                                          {2, 7, 11, 3, 1, 0},
                                          {3, 241, 200, 2, 1, 0},
                                          {2, 200, 241, 2, 1, 0},
                                          {1, 241, 7, 1, 1, 0},
                                          {2, 1003, 100, 5, 1, 0},
                                          {3, 3000, 2475, 2, 1, 0},
                                          {2, 4099, 4099, 1, 1, 0},
                                          {1, 20000, 16500, 2, 1, 0},
                                          {2, 241, 200, 2, 1, -1},
                                          {2, 241, 200, 2, 0.5f, -0.5f},
                                          {2, 241, 200, 2, 0.5f, -0.375f},
                                          {2, 7, 5, 2, 0, 0},
                                          {2, 3000, 2475, 2, 0, 0},
                                          {3, 241, 200, 2, 0, 0.5f},
                                          {2, 3000, 2475, 2, 0, -0.5f}};
    char name[80];
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        const struct shape *s = &shapes[i];
        snprintf(name, sizeof name, "hard sigmoid (%d, %d -> %d, %d) of %g r %+g", s->batch, s->in, s->out,
                 s->channels, (double)s->scale, (double)s->offset);
        both_check(name, run_both_passes, s, 2e-6, 4e-3);
        both_check(name, run_peaks, s, 1e-6, 1e-6);
    }
    both_check("hard sigmoid of reals to a bf16 gradient", run_mixed, &shapes[5], 2e-6, 4e-3);
    both_check("hard sigmoid, largest first and last", run_places, &(struct shape){3, 3001, 11, 2, 1, 0},
               1e-6, 0);
    return done();
}
