/* Neighbouring samples side by side: against plain loops, gradients, any number of threads. */
#include "tests/ops/check.h"
#include "tests/ops/threads.h"

struct context {
    const struct ops *ops;
    struct neighbours shape;
    struct tensor y, x, dy, dx;
};

static double scalar(void *context)
{
    struct context *c = context;
    c->ops->neighbours(c->y, c->x, c->shape);
    return check_dot(c->ops, c->y, c->dy);
}

static void run(void *context)
{
    struct context *c = context;
    c->ops->neighbours(c->y, c->x, c->shape);
    c->ops->neighbours_backward(c->dx, c->dy, c->shape);
}

/* Value i of y by its place: record, window, frame, row of the window, channel. */
static real wanted(const struct context *c, const real *x, size_t i)
{
    const struct neighbours s = c->shape;
    const int channels = c->x.channels, length = c->x.length, channel = (int)i % channels;
    const int w = (int)i / channels % s.window, t = (int)i / channels / s.window % length;
    const int sample = (int)i / channels / s.window / length;
    const int row = sample % s.out * s.stride - s.padding + w;
    if (row < 0 || row >= s.in) return 0;
    return x[((sample / s.out * s.in + row) * length + t) * channels + channel];
}

static void check(const struct ops *ops, int records, int length, int channels, struct neighbours s)
{
    char name[120];
    struct context c = {.ops = ops, .shape = s};
    c.x = check_tensor(ops, records * s.in, length, channels, 1);
    c.dx = check_tensor(ops, records * s.in, length, channels, 2);
    c.y = check_tensor(ops, records * s.out, length, s.window * channels, 3);
    c.dy = check_tensor(ops, records * s.out, length, s.window * channels, 4);
    snprintf(name, sizeof name, "neighbours (%d, %d, %d), %d rows to %d windows of %d", records, length,
             channels, s.in, s.out, s.window);
    run(&c);
    real *x = check_values(ops, c.x.data, tensor_count(c.x));
    real *y = check_values(ops, c.y.data, tensor_count(c.y));
    bool same = true;
    for (size_t i = 0; i < tensor_count(c.y); i++) same = same && y[i] == wanted(&c, x, i);
    ok(same, "%s: values", name);
    check_gradient(ops, name, scalar, &c, c.x.data, c.dx.data, tensor_count(c.x));
    check_threads(ops, name, run, &c, (struct tensor[]){c.y, c.dx}, 2);
    free(x), free(y);
    struct tensor all[] = {c.y, c.x, c.dy, c.dx};
    for (int i = 0; i < 4; i++) ops->release(all[i].data);
}

int main(void)
{
    const struct ops *ops = ops_under_test();
    omp_set_num_threads(1);
    check(ops, 1, 1, 1, (struct neighbours){.in = 1, .out = 1, .window = 1, .stride = 1});
    check(ops, 2, 5, 3, (struct neighbours){.in = 7, .out = 4, .window = 3, .stride = 2, .padding = 1});
    check(ops, 3, 4, 8, (struct neighbours){.in = 6, .out = 3, .window = 3, .stride = 2, .padding = 1});
    check(ops, 2, 3, 4, (struct neighbours){.in = 5, .out = 5, .window = 5, .stride = 1, .padding = 2});
    check(ops, 2, 3, 2, (struct neighbours){.in = 4, .out = 1, .window = 4, .stride = 4});
    /* Row 2 is in no window, row 4 in none either. */
    check(ops, 2, 2, 2, (struct neighbours){.in = 5, .out = 2, .window = 1, .stride = 3});
    return done();
}
