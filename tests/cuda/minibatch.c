/* Minibatch discrimination, cross entropy and feature matching, on CUDA against the CPU. */
#include "tests/cuda/both.h"

struct shape {
    int batch, outputs, dims;
    float spread; /* m is this times numbers in (-1, 1) */
};

static void minibatch(struct both *run, const void *shape)
{
    const struct shape *s = shape;
    const int width = s->outputs * s->dims;
    struct tensor from = both_tensor(run, s->batch, 1, width, 1),
                  m = both_activation(run, s->batch, 1, width, 0);
    struct tensor o = both_activation(run, s->batch, 1, s->outputs, 2);
    struct tensor d_o = both_activation(run, s->batch, 1, s->outputs, 3);
    struct tensor dm = both_activation(run, s->batch, 1, width, 4);
    const size_t count = tensor_count(m);
    float *values = allocate_or_die(count, sizeof *values);
    run->ops->download(values, from.data, count);
    for (size_t i = 0; i < count; i++) values[i] *= s->spread;
    run->ops->upload(from.data, values, count);
    run->ops->copy(m, from);
    run->ops->minibatch(o, m);
    run->ops->minibatch_backward(dm, d_o, m, o);
    both_keep(run, "o", o);
    both_keep(run, "dm", dm);
    free(values);
}

struct logits {
    int batch;
    float label, weight;
    bool gradient;
};

static void bce(struct both *run, const void *shape)
{
    const struct logits *s = shape;
    static const float far[] = {2000, -3000, 0};
    struct tensor from = both_tensor(run, s->batch, 1, 1, 1), logit = both_activation(run, s->batch, 1, 1, 0);
    struct tensor dlogit = both_activation(run, s->batch, 1, 1, 2);
    device value = both_memory(run, 1, 3);
    run->ops->upload(from.data, far, s->batch < 3 ? (size_t)s->batch : 3);
    run->ops->copy(logit, from);
    run->ops->bce(value, s->gradient ? dlogit : (struct tensor){0}, logit, s->label, s->weight);
    both_keep_memory(run, "value", value, 1);
    both_keep(run, "dlogit", dlogit);
}

struct features {
    int batch, length, channels;
    bool gradient;
};

static void feature_match(struct both *run, const void *shape)
{
    const struct features *s = shape;
    struct tensor x = both_activation(run, s->batch, s->length, s->channels, 1);
    struct tensor r = both_activation(run, s->batch, s->length, s->channels, 2);
    struct tensor dx = both_activation(run, s->batch, s->length, s->channels, 3);
    struct tensor mean = both_tensor(run, 1, s->length, s->channels, 4);
    device value = both_memory(run, 1, 5);
    run->ops->batch_mean(mean, r);
    run->ops->feature_match(value, s->gradient ? dx : (struct tensor){0}, x, mean, (float)tensor_count(x));
    both_keep(run, "mean", mean);
    both_keep_memory(run, "value", value, 1);
    both_keep(run, "dx", dx);
}

int main(void)
{
    static const struct shape minibatches[] = {{1, 3, 2, 1},   {2, 10, 5, 1},  {3, 1, 1, 4}, {5, 7, 3, 0},
                                               {33, 10, 5, 1}, {64, 10, 5, 2}, {7, 3, 4, 16}};
    static const struct logits logits[] = {
        {1, 0.875f, 1, true}, {3, 0, 2, true}, {64, 1, 20, true}, {300, 0.875f, 1, true}, {5, 1, 1, false}};
    static const struct features features[] = {
        {1, 1, 3, true}, {3, 7, 64, true}, {5, 1, 33, false}, {64, 3, 32, true}, {2, 129, 17, true}};
    char name[80];
    for (size_t i = 0; i < sizeof minibatches / sizeof minibatches[0]; i++) {
        const struct shape *s = &minibatches[i];
        snprintf(name, sizeof name, "minibatch of %d, %d outputs, %d dims", s->batch, s->outputs, s->dims);
        both_check(name, minibatch, s, 2e-6, 1e-2);
    }
    for (size_t i = 0; i < sizeof logits / sizeof logits[0]; i++) {
        snprintf(name, sizeof name, "bce of %d with label %g", logits[i].batch, (double)logits[i].label);
        both_check(name, bce, &logits[i], 1e-6, 1e-2);
    }
    for (size_t i = 0; i < sizeof features / sizeof features[0]; i++) {
        const struct features *s = &features[i];
        snprintf(name, sizeof name, "feature matching (%d, %d, %d)", s->batch, s->length, s->channels);
        both_check(name, feature_match, s, 1e-6, 1e-2);
    }
    return done();
}
