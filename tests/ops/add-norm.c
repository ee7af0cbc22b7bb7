/* Addition and layer normalisation: gradients with and without dropout, closed forms, any number of threads.
 */
#include "tests/ops/check.h"
#include "tests/ops/threads.h"

struct context {
    const struct ops *ops;
    struct add_norm *norm;
    struct tensor y, x, f, sum, dy, dx, df, scale, shift, dscale, dshift;
    struct pass pass;
};

/* The operation leaves the sum in f: it gets a copy. */
static void forward(struct context *c)
{
    c->ops->copy(c->sum, c->f);
    c->ops->add_norm_forward(c->norm, c->y, c->x, c->sum, c->scale.data, c->shift.data, c->pass);
}

static double scalar(void *context)
{
    struct context *c = context;
    forward(c);
    return check_dot(c->ops, c->y, c->dy);
}

static void run(void *context)
{
    struct context *c = context;
    forward(c);
    c->ops->zero(c->dscale.data, tensor_count(c->dscale));
    c->ops->zero(c->dshift.data, tensor_count(c->dshift));
    c->ops->add_norm_backward(c->norm, c->dx, c->df, c->dscale.data, c->dshift.data, c->dy, c->sum,
                              c->scale.data, c->pass);
}

static struct context begin(const struct ops *ops, int batch, int length, int channels, real share)
{
    struct context c = {.ops = ops, .pass = {true, false, 4, 9}};
    c.norm = ops->add_norm_new_or_die(batch, length, (struct dropout){share, 8});
    struct tensor *data[] = {&c.y, &c.x, &c.f, &c.sum, &c.dy, &c.dx, &c.df};
    for (uint32_t i = 0; i < 7; i++) *data[i] = check_tensor(ops, batch, length, channels, i);
    struct tensor *parameters[] = {&c.scale, &c.shift, &c.dscale, &c.dshift};
    for (uint32_t i = 0; i < 4; i++) *parameters[i] = check_tensor(ops, 1, 1, channels, 7 + i);
    return c;
}

static void end(struct context *c)
{
    struct tensor all[] = {c->y,  c->x,     c->f,     c->sum,    c->dy,    c->dx,
                           c->df, c->scale, c->shift, c->dscale, c->dshift};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) c->ops->release(all[i].data);
    c->ops->add_norm_free(c->norm);
}

static void gradients(const struct ops *ops, int batch, int length, int channels, real share)
{
    char name[80];
    struct context c = begin(ops, batch, length, channels, share);
    snprintf(name, sizeof name, "add and norm (%d, %d, %d), dropout %g", batch, length, channels,
             (double)share);
    run(&c);
    check_gradient(ops, name, scalar, &c, c.x.data, c.dx.data, tensor_count(c.x));
    check_gradient(ops, name, scalar, &c, c.f.data, c.df.data, tensor_count(c.f));
    check_gradient(ops, name, scalar, &c, c.scale.data, c.dscale.data, tensor_count(c.scale));
    check_gradient(ops, name, scalar, &c, c.shift.data, c.dshift.data, tensor_count(c.shift));
    check_threads(ops, name, run, &c, (struct tensor[]){c.y, c.dx, c.df, c.dscale, c.dshift}, 5);
    end(&c);
}

static void in_place(const struct ops *ops)
{
    struct context c = begin(ops, 2, 7, 70, (real)0.3);
    run(&c);
    real *want = check_values(ops, c.dx.data, tensor_count(c.dx));
    const struct tensor apart = c.dx;
    c.dx = c.dy;
    run(&c);
    real *got = check_values(ops, c.dx.data, tensor_count(c.dx));
    ok(memcmp(got, want, tensor_count(c.dx) * sizeof *got) == 0, "dx in the place of dy");
    free(got), free(want);
    c.dx = apart;
    end(&c);
}

/* A constant row has no variance: y is the shift. */
static void constant_row(const struct ops *ops)
{
    struct context c = begin(ops, 1, 1, 5, 0);
    check_affine(ops, c.x, 0, 3);
    check_affine(ops, c.f, 0, -1);
    run(&c);
    ok(check_same(ops, c.y.data, c.shift.data, 5), "a constant row gives the shift");
    ok(check_finite(ops, c.dx), "and finite gradients");
    end(&c);
}

int main(void)
{
    const struct ops *ops = ops_under_test();
    omp_set_num_threads(1);
    for (int i = 0; i < 2; i++) {
        const real share = i ? (real)0.3 : 0;
        gradients(ops, 1, 1, 9, share);
        gradients(ops, 2, 7, 70, share);
        gradients(ops, 3, 241, 5, share);
    }
    in_place(ops);
    constant_row(ops);
    return done();
}
