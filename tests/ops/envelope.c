/* The envelope of Gaussians: against its formula, gradients through both maxima, silence. */
#include "tests/ops/check.h"
#include "tests/ops/threads.h"

struct context {
    const struct ops *ops;
    struct tensor y, x, a, dy, dx, da, peak;
};

static double scalar(void *context)
{
    struct context *c = context;
    c->ops->envelope(c->y, c->peak, c->x, c->a);
    return check_dot(c->ops, c->y, c->dy);
}

static void run(void *context)
{
    struct context *c = context;
    c->ops->envelope(c->y, c->peak, c->x, c->a);
    c->ops->envelope_backward(c->dx, c->da, c->dy, c->y, c->peak, c->x, c->a);
}

static void release(struct context *c)
{
    struct tensor all[] = {c->y, c->x, c->a, c->dy, c->dx, c->da, c->peak};
    for (int i = 0; i < 7; i++) c->ops->release(all[i].data);
}

/* Widths around 9, so that Gaussians reach many cells; every other parameter below 0. */
static struct context begin(const struct ops *ops, int batch, int length, int channels, int gaussians)
{
    struct context c = {.ops = ops};
    c.y = check_tensor(ops, batch, length, channels, 0);
    c.dy = check_tensor(ops, batch, length, channels, 1);
    c.x = check_tensor(ops, batch, length, channels, 2);
    c.dx = check_tensor(ops, batch, length, channels, 3);
    c.peak = check_tensor(ops, batch, 1, 2, 0);
    c.a = check_tensor(ops, batch, 1, 2 * gaussians, 4);
    c.da = check_tensor(ops, batch, 1, 2 * gaussians, 5);
    check_affine(ops, c.x, 0.5, 0.5);
    real *a = check_values(ops, c.a.data, tensor_count(c.a));
    for (int i = 0; i < batch * 2 * gaussians; i++) {
        const double value = i % (2 * gaussians) < gaussians ? 9 + (double)a[i] : 0.5 + 0.4 * (double)a[i];
        a[i] = (real)(i % 2 ? -value : value);
    }
    ops->upload(c.a.data, a, tensor_count(c.a));
    free(a);
    return c;
}

static double largest_centre(const real *a, int batch, int gaussians)
{
    double largest = 0;
    for (int i = 0; i < batch * 2 * gaussians; i++)
        if (i % (2 * gaussians) >= gaussians) largest = fmax(largest, fabs((double)a[i]));
    return largest + 1e-4;
}

static double formula(const real *a, int i, int length, int gaussians, double largest)
{
    double sum = 0;
    for (int g = 0; g < gaussians; g++) {
        const double u = length / 16500.0, w = 4 / (1 + exp(10 - fabs((double)a[g])));
        const double c = fabs((double)a[gaussians + g]) / largest;
        const double t = (i - length / 2.0 - u * (-8000 + 16000 * c)) / (4000 * u * w);
        sum += exp(-0.5 * t * t);
    }
    return sum;
}

static void expected(real *y, const struct context *c)
{
    const int gaussians = c->a.channels / 2, size = c->x.length * c->x.channels;
    real *x = check_values(c->ops, c->x.data, tensor_count(c->x));
    real *a = check_values(c->ops, c->a.data, tensor_count(c->a));
    const double scale = largest_centre(a, c->a.batch, gaussians);
    for (int b = 0; b < c->x.batch; b++) {
        double largest = 1e-12;
        for (int i = 0; i < size; i++) {
            const double e = formula(a + b * 2 * gaussians, i / c->x.channels, c->x.length, gaussians, scale);
            largest = fmax(largest, (double)x[b * size + i] * e);
            y[b * size + i] = (real)((double)x[b * size + i] * e);
        }
        for (int i = 0; i < size; i++) y[b * size + i] = (real)((double)y[b * size + i] / largest);
    }
    free(x), free(a);
}

static void envelope(const struct ops *ops, int batch, int length, int channels, int gaussians)
{
    char name[80];
    struct context c = begin(ops, batch, length, channels, gaussians);
    snprintf(name, sizeof name, "envelope (%d, %d, %d) of %d", batch, length, channels, gaussians);
    run(&c);
    real *y = check_values(ops, c.y.data, tensor_count(c.y)),
         *want = allocate_or_die(tensor_count(c.y), sizeof *want);
    expected(want, &c);
    ok(check_relative_error(y, want, tensor_count(c.y)) < CHECK_CLOSE, "%s: values", name);
    check_gradient(ops, name, scalar, &c, c.x.data, c.dx.data, tensor_count(c.x));
    check_gradient(ops, name, scalar, &c, c.a.data, c.da.data, tensor_count(c.a));
    check_threads(ops, name, run, &c, (struct tensor[]){c.y, c.dx, c.da, c.peak}, 4);
    free(y), free(want);
    release(&c);
}

/* Parameters of 0: the narrowest Gaussians, all in one place, none of which needs a gradient. */
static void edges(const struct ops *ops)
{
    struct context c = begin(ops, 2, 241, 2, 3);
    check_affine(ops, c.x, 0, 0);
    run(&c);
    ok(check_finite(ops, c.y) && check_finite(ops, c.dx) && check_finite(ops, c.da), "silence stays finite");
    check_affine(ops, c.x, 0, 1);
    check_affine(ops, c.a, 0, 0);
    run(&c);
    ok(check_finite(ops, c.y) && check_finite(ops, c.dx) && check_finite(ops, c.da),
       "parameters of 0 stay finite");
    real *da = check_values(ops, c.da.data, tensor_count(c.da));
    bool none = true;
    for (size_t i = 0; i < tensor_count(c.da); i++) none = none && da[i] == 0;
    ok(none, "and have no gradient");
    free(da);
    release(&c);
}

int main(void)
{
    const struct ops *ops = ops_under_test();
    omp_set_num_threads(1);
    envelope(ops, 1, 2, 2, 1); /* of one frame the division leaves nothing to the Gaussians */
    envelope(ops, 2, 7, 2, 2);
    envelope(ops, 3, 241, 2, 6);
    envelope(ops, 2, 700, 1, 3);
    edges(ops);
    return done();
}
