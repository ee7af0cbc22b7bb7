/* The generator's output stage: against plain loops, gradients through the maximum, ties, silence. */
#include "tests/ops/check.h"
#include "tests/ops/threads.h"

struct context {
    const struct ops *ops;
    struct tensor y, x, dy, dx, peak;
};

static double scalar(void *context)
{
    struct context *c = context;
    c->ops->hard_sigmoid(c->y, c->peak, c->x);
    return check_dot(c->ops, c->y, c->dy);
}

static void run(void *context)
{
    struct context *c = context;
    c->ops->hard_sigmoid(c->y, c->peak, c->x);
    c->ops->hard_sigmoid_backward(c->dx, c->dy, c->peak, c->x);
}

static void release(struct context *c)
{
    struct tensor all[] = {c->y, c->x, c->dy, c->dx, c->peak};
    for (int i = 0; i < 5; i++) c->ops->release(all[i].data);
}

/* Values in (-1.6, 0.4): part of them lies under -3 of the largest. */
static struct context begin(const struct ops *ops, int batch, int in, int out, int channels)
{
    struct context c = {.ops = ops};
    c.y = check_tensor(ops, batch, out, channels, 0);
    c.dy = check_tensor(ops, batch, out, channels, 1);
    c.x = check_tensor(ops, batch, in, channels, 2);
    c.dx = check_tensor(ops, batch, in, channels, 3);
    c.peak = check_tensor(ops, batch, 1, 2, 0);
    check_affine(ops, c.x, 1, -0.6);
    return c;
}

/* In differences no value may cross a kink: away from -3 times the largest, and one largest. */
static void avoid_kinks(struct context *c)
{
    const size_t size = (size_t)c->x.length * (size_t)c->x.channels;
    real *x = check_values(c->ops, c->x.data, tensor_count(c->x));
    for (int b = 0; b < c->x.batch; b++) {
        real *sample = x + (size_t)b * size;
        sample[size / 2] = (real)0.45;
        for (size_t i = 0; i < size; i++)
            if (fabs((double)sample[i] + 3 * 0.451) < 0.03) sample[i] += (real)0.06;
    }
    c->ops->upload(c->x.data, x, tensor_count(c->x));
    free(x);
}

static void expected(real *y, const real *x, int in, int out, int channels)
{
    double largest = -INFINITY;
    for (int j = 0; j < in * channels; j++) largest = fmax(largest, (double)x[j]);
    for (int i = 0; i < out * channels; i++) {
        const int first = i / channels * in / out, end = ((i / channels + 1) * in + out - 1) / out;
        double sum = 0;
        for (int j = first; j < end; j++)
            sum +=
                fmin(fmax((double)x[j * channels + i % channels] / (fabs(largest) + 0.001) / 6 + 0.5, 0), 1);
        y[i] = (real)(sum / (end - first));
    }
}

static void hard_sigmoid(const struct ops *ops, int batch, int in, int out, int channels)
{
    char name[80];
    struct context c = begin(ops, batch, in, out, channels);
    snprintf(name, sizeof name, "hard sigmoid (%d, %d -> %d, %d)", batch, in, out, channels);
    avoid_kinks(&c);
    run(&c);
    real *x = check_values(ops, c.x.data, tensor_count(c.x)),
         *y = check_values(ops, c.y.data, tensor_count(c.y));
    real *want = allocate_or_die(tensor_count(c.y), sizeof *want);
    for (int b = 0; b < batch; b++)
        expected(want + b * out * channels, x + b * in * channels, in, out, channels);
    ok(check_relative_error(y, want, tensor_count(c.y)) < CHECK_CLOSE, "%s: values", name);
    check_gradient(ops, name, scalar, &c, c.x.data, c.dx.data, tensor_count(c.x));
    check_threads(ops, name, run, &c, (struct tensor[]){c.y, c.dx, c.peak}, 3);
    free(x), free(y), free(want);
    release(&c);
}

/* Two largest values: the gradient through the maximum goes to the first. */
static void ties(const struct ops *ops)
{
    const real x[] = {0, 2, 1, 2, 0, 1}, dy[] = {1, 1, 1, 1, 1, 1};
    struct context c = begin(ops, 1, 3, 3, 2);
    ops->upload(c.x.data, x, 6), ops->upload(c.dy.data, dy, 6);
    run(&c);
    real *dx = check_values(ops, c.dx.data, 6), *peak = check_values(ops, c.peak.data, 2);
    const double each = 1 / 6.0 / 2.001, through = each * 6 / 2.001;
    ok(peak[0] == 2 && peak[1] == 1, "the first of two largest values is kept");
    ok(fabs((double)dx[1] - (each - through)) < 1e-6 && fabs((double)dx[3] - each) < 1e-6,
       "its gradient alone");
    free(dx), free(peak);
    release(&c);
}

/* A sample below zero everywhere: the largest value's magnitude divides, so nothing turns over. */
static void below_zero(const struct ops *ops)
{
    struct context c = begin(ops, 2, 7, 5, 2);
    check_affine(ops, c.x, (real)0.1, -1);
    run(&c);
    real *x = check_values(ops, c.x.data, 28), *y = check_values(ops, c.y.data, 20), want[20];
    for (int b = 0; b < 2; b++) expected(want + b * 10, x + b * 14, 7, 5, 2);
    ok(check_relative_error(y, want, 20) < CHECK_CLOSE, "below zero: values");
    ok(y[0] < 0.5 && y[9] < 0.5, "below zero: stays below one half");
    check_gradient(ops, "hard sigmoid below zero", scalar, &c, c.x.data, c.dx.data, 28);
    free(x), free(y);
    release(&c);
}

static void silence(const struct ops *ops)
{
    struct context c = begin(ops, 2, 7, 7, 2);
    check_affine(ops, c.x, 0, 0);
    run(&c);
    real *y = check_values(ops, c.y.data, 28);
    bool half = true;
    for (int i = 0; i < 28; i++) half = half && y[i] == (real)0.5;
    ok(half && check_finite(ops, c.dx), "silence gives one half, and finite gradients");
    free(y);
    release(&c);
}

int main(void)
{
    const struct ops *ops = ops_under_test();
    omp_set_num_threads(1);
    hard_sigmoid(ops, 1, 1, 1, 2);
    hard_sigmoid(ops, 2, 7, 7, 2);
    hard_sigmoid(ops, 3, 241, 200, 2);
    hard_sigmoid(ops, 2, 7, 11, 3);
    hard_sigmoid(ops, 1, 240, 7, 1);
    ties(ops);
    below_zero(ops);
    silence(ops);
    return done();
}
