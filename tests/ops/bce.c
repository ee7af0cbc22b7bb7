/* Losses on logits and features: closed forms, gradients, any number of threads. */
#include "tests/ops/check.h"
#include "tests/ops/threads.h"

struct context {
    const struct ops *ops;
    struct tensor logit, dlogit, value;
    real label;
};

static bool near(double got, double want)
{
    return isfinite(got) && fabs(got - want) <= 1e-5 * (1 + fabs(want));
}

static double bce_scalar(void *context)
{
    struct context *c = context;
    real value;
    c->ops->zero(c->value.data, 1);
    c->ops->bce(c->value.data, c->dlogit, c->logit, c->label, 1);
    c->ops->download(&value, c->value.data, 1);
    return (double)value;
}

static void bce(const struct ops *ops)
{
    struct context c = {ops, check_tensor(ops, 3, 1, 1, 1), check_tensor(ops, 3, 1, 1, 0),
                        check_tensor(ops, 1, 1, 1, 0), (real)0.9};
    struct tensor kept = check_tensor(ops, 3, 1, 1, 0), none = tensor_make(NULL, 3, 1, 1);
    bce_scalar(&c);
    ops->copy(kept, c.dlogit);
    check_gradient(ops, "bce", bce_scalar, &c, c.logit.data, kept.data, 3);
    const real far[] = {2000, -3000, 0};
    ops->upload(c.logit.data, far, 3);
    c.label = 1;
    ok(near(bce_scalar(&c), (0 + 3000 + log(2)) / 3), "bce: logits far out stay finite");
    real *d = check_values(ops, c.dlogit.data, 3);
    ok(near((double)d[0], 0) && near((double)d[1], -1.0 / 3) && near((double)d[2], -0.5 / 3),
       "bce: their gradients");
    ops->bce(c.value.data, none, c.logit, 1, 1);
    real value;
    ops->download(&value, c.value.data, 1);
    ok(near((double)value, 2 * (3000 + log(2)) / 3), "bce: the value is added, the gradient may be left out");
    free(d);
    ops->release(kept.data), ops->release(c.logit.data), ops->release(c.dlogit.data),
        ops->release(c.value.data);
}

struct features {
    const struct ops *ops;
    struct tensor x, dx, mean, value;
};

static void match(void *context)
{
    struct features *f = context;
    f->ops->zero(f->dx.data, tensor_count(f->dx));
    f->ops->zero(f->value.data, 1);
    f->ops->feature_match(f->value.data, f->dx, f->x, f->mean, (real)1.5);
}

static double match_scalar(void *context)
{
    struct features *f = context;
    real value;
    f->ops->zero(f->value.data, 1);
    f->ops->feature_match(f->value.data, (struct tensor){0}, f->x, f->mean, (real)1.5);
    f->ops->download(&value, f->value.data, 1);
    return 1.5 * (double)value;
}

static void features(const struct ops *ops, int batch, int length, int channels)
{
    char name[80];
    struct features f = {ops, check_tensor(ops, batch, length, channels, 1),
                         check_tensor(ops, batch, length, channels, 0),
                         check_tensor(ops, 1, length, channels, 2), check_tensor(ops, 1, 1, 1, 0)};
    snprintf(name, sizeof name, "feature matching (%d, %d, %d)", batch, length, channels);
    match(&f);
    check_gradient(ops, name, match_scalar, &f, f.x.data, f.dx.data, tensor_count(f.x));
    check_threads(ops, name, match, &f, (struct tensor[]){f.value, f.dx}, 2);
    ops->batch_mean(f.mean, f.x);
    ok(match_scalar(&f) < 1e-10, "%s: nothing between a batch and its mean", name);
    ops->release(f.x.data), ops->release(f.dx.data), ops->release(f.mean.data), ops->release(f.value.data);
}

int main(void)
{
    const struct ops *ops = ops_under_test();
    omp_set_num_threads(1);
    bce(ops);
    features(ops, 1, 1, 3);
    features(ops, 3, 7, 64);
    return done();
}
