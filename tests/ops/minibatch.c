/* Minibatch discrimination: closed forms, gradients, any number of threads. */
#include "tests/ops/check.h"
#include "tests/ops/threads.h"

struct context {
    const struct ops *ops;
    struct tensor o, m, d_o, dm;
};

static double scalar(void *context)
{
    struct context *c = context;
    c->ops->minibatch(c->o, c->m);
    return check_dot(c->ops, c->o, c->d_o);
}

static void run(void *context)
{
    struct context *c = context;
    c->ops->minibatch(c->o, c->m);
    c->ops->minibatch_backward(c->dm, c->d_o, c->m, c->o);
}

static struct context begin(const struct ops *ops, int batch, int outputs, int dims)
{
    struct context c = {.ops = ops};
    c.o = check_tensor(ops, batch, 1, outputs, 0);
    c.d_o = check_tensor(ops, batch, 1, outputs, 1);
    c.m = check_tensor(ops, batch, 1, outputs * dims, 2);
    c.dm = check_tensor(ops, batch, 1, outputs * dims, 3);
    return c;
}

static void end(struct context *c)
{
    c->ops->release(c->o.data), c->ops->release(c->m.data);
    c->ops->release(c->d_o.data), c->ops->release(c->dm.data);
}

static void gradients(const struct ops *ops, int batch, int outputs, int dims)
{
    char name[80];
    struct context c = begin(ops, batch, outputs, dims);
    snprintf(name, sizeof name, "minibatch of %d, %d outputs, %d dims", batch, outputs, dims);
    run(&c);
    check_gradient(ops, name, scalar, &c, c.m.data, c.dm.data, tensor_count(c.m));
    check_threads(ops, name, run, &c, (struct tensor[]){c.o, c.dm}, 2);
    end(&c);
}

static void closed_forms(const struct ops *ops)
{
    const real m[] = {0, 0, 1, 2, 0, (real)0.5, 1, 3};
    struct context c = begin(ops, 2, 2, 2);
    ops->upload(c.m.data, m, 8);
    run(&c);
    real *o = check_values(ops, c.o.data, 4);
    const real want[] = {(real)exp(-0.5), (real)exp(-1), (real)exp(-0.5), (real)exp(-1)};
    ok(check_relative_error(o, want, 4) < CHECK_CLOSE, "two samples: exp(-distance)");
    check_affine(ops, c.m, 0, 1);
    run(&c);
    free(o);
    o = check_values(ops, c.o.data, 4);
    ok(o[0] == 1 && o[3] == 1 && check_finite(ops, c.dm), "equal samples are as close as can be");
    check_affine(ops, c.dm, 0, 0);
    free(o);
    end(&c);
}

int main(void)
{
    const struct ops *ops = ops_under_test();
    omp_set_num_threads(1);
    gradients(ops, 1, 3, 2);
    gradients(ops, 2, 10, 5);
    gradients(ops, 7, 3, 4);
    closed_forms(ops);
    return done();
}
