/* Spectral normalisation: the power iteration against known singular values, gradients. */
#include "tests/ops/check.h"
#include "tests/ops/threads.h"

struct context {
    const struct ops *ops;
    int rows, columns;
    struct tensor normal, sigma, u, v, weight, dnormal, dweight;
};

static void forward(struct context *c, bool iterate)
{
    c->ops->spectral(c->normal.data, c->sigma.data, c->u.data, c->v.data, c->weight.data, c->rows, c->columns,
                     iterate);
}

static double scalar(void *context)
{
    struct context *c = context;
    forward(c, false);
    return check_dot(c->ops, c->normal, c->dnormal);
}

static void run(void *context)
{
    struct context *c = context;
    c->ops->zero(c->dweight.data, tensor_count(c->dweight));
    forward(c, false);
    c->ops->spectral_backward(c->dweight.data, c->dnormal.data, c->normal.data, c->sigma.data, c->u.data,
                              c->v.data, c->rows, c->columns);
}

static struct context begin(const struct ops *ops, int rows, int columns)
{
    struct context c = {.ops = ops, .rows = rows, .columns = columns};
    struct tensor *matrices[] = {&c.normal, &c.weight, &c.dnormal, &c.dweight};
    for (uint32_t i = 0; i < 4; i++) *matrices[i] = check_tensor(ops, 1, rows, columns, i);
    c.u = check_tensor(ops, 1, 1, rows, 5);
    c.v = check_tensor(ops, 1, 1, columns, 6);
    c.sigma = check_tensor(ops, 1, 1, 1, 0);
    return c;
}

static void end(struct context *c)
{
    struct tensor all[] = {c->normal, c->weight, c->dnormal, c->dweight, c->u, c->v, c->sigma};
    for (int i = 0; i < 7; i++) c->ops->release(all[i].data);
}

static double cell(const struct ops *ops, struct tensor x)
{
    real value;
    ops->download(&value, x.data, 1);
    return (double)value;
}

static void gradients(const struct ops *ops, int rows, int columns)
{
    char name[80];
    struct context c = begin(ops, rows, columns);
    snprintf(name, sizeof name, "spectral norm of (%d, %d)", rows, columns);
    for (int i = 0; i < 3; i++) forward(&c, true);
    ok(fabs(check_dot(ops, c.u, c.u) - 1) < 1e-5 && fabs(check_dot(ops, c.v, c.v) - 1) < 1e-5, "%s: units",
       name);
    run(&c);
    check_gradient(ops, name, scalar, &c, c.weight.data, c.dweight.data, tensor_count(c.weight));
    check_threads(ops, name, run, &c, (struct tensor[]){c.normal, c.dweight}, 2);
    end(&c);
}

/* A diagonal's largest singular value is its largest entry. */
static void diagonal(const struct ops *ops)
{
    const real weight[] = {1, 0, 0, 0, 0, -4, 0, 0, 0, 0, 2, 0};
    struct context c = begin(ops, 3, 4);
    ops->upload(c.weight.data, weight, 12);
    for (int i = 0; i < 40; i++) forward(&c, true);
    ok(fabs(cell(ops, c.sigma) - 4) < 1e-5, "the largest singular value is found: %.7f", cell(ops, c.sigma));
    forward(&c, false);
    const double once = cell(ops, c.sigma);
    forward(&c, false);
    ok(cell(ops, c.sigma) == once, "without an iteration nothing moves");
    end(&c);
}

int main(void)
{
    const struct ops *ops = ops_under_test();
    omp_set_num_threads(1);
    gradients(ops, 1, 1);
    gradients(ops, 7, 3);
    gradients(ops, 16, 41);
    diagonal(ops);
    return done();
}
