/* Adaptive average pooling and halving: against plain loops, gradients, any number of threads. */
#include "tests/ops/check.h"
#include "tests/ops/threads.h"

typedef void forward_function(struct tensor y, struct tensor x);
typedef void backward_function(struct tensor dx, struct tensor dy);

struct context {
    const struct ops *ops;
    forward_function *forward;
    backward_function *backward;
    struct tensor y, x, dy, dx;
};

static double scalar(void *context)
{
    struct context *c = context;
    c->forward(c->y, c->x);
    return check_dot(c->ops, c->y, c->dy);
}

/* halve_backward adds: dx starts at 0. */
static void run(void *context)
{
    struct context *c = context;
    c->ops->zero(c->dx.data, tensor_count(c->dx));
    c->forward(c->y, c->x);
    c->backward(c->dx, c->dy);
}

static void release(struct context *c)
{
    struct tensor all[] = {c->y, c->x, c->dy, c->dx};
    for (int i = 0; i < 4; i++) c->ops->release(all[i].data);
}

static struct context begin(const struct ops *ops, int batch, int in, int out, int channels)
{
    struct context c = {.ops = ops, .forward = ops->adaptive_pool, .backward = ops->adaptive_pool_backward};
    c.y = check_tensor(ops, batch, out, channels, 0);
    c.dy = check_tensor(ops, batch, out, channels, 1);
    c.x = check_tensor(ops, batch, in, channels, 2);
    c.dx = check_tensor(ops, batch, in, channels, 0);
    return c;
}

/* The mean over every input that output i overlaps, when both are laid over one line. */
static real overlap_mean(const real *x, int i, int in, int out, int channels)
{
    double sum = 0;
    int count = 0;
    for (int j = 0; j < in; j++)
        if (j * out < (i + 1) * in && (j + 1) * out > i * in) sum += (double)x[j * channels], count++;
    return (real)(sum / count);
}

static void adaptive(const struct ops *ops, int batch, int in, int out, int channels)
{
    char name[80];
    struct context c = begin(ops, batch, in, out, channels);
    snprintf(name, sizeof name, "adaptive pooling (%d, %d -> %d, %d)", batch, in, out, channels);
    run(&c);
    real *x = check_values(ops, c.x.data, tensor_count(c.x)),
         *y = check_values(ops, c.y.data, tensor_count(c.y));
    real *want = allocate_or_die(tensor_count(c.y), sizeof *want);
    for (int i = 0; i < batch * out * channels; i++) {
        const int b = i / channels / out;
        want[i] = overlap_mean(x + b * in * channels + i % channels, i / channels % out, in, out, channels);
    }
    ok(check_relative_error(y, want, tensor_count(c.y)) < CHECK_CLOSE, "%s: values", name);
    check_gradient(ops, name, scalar, &c, c.x.data, c.dx.data, tensor_count(c.x));
    check_threads(ops, name, run, &c, (struct tensor[]){c.y, c.dx}, 2);
    free(x), free(y), free(want);
    release(&c);
}

static void halving(const struct ops *ops, int batch, int length, int channels)
{
    char name[80];
    struct context c = begin(ops, batch, length, length / 2, channels);
    c.forward = ops->halve, c.backward = ops->halve_backward;
    snprintf(name, sizeof name, "halving (%d, %d, %d)", batch, length, channels);
    run(&c);
    check_gradient(ops, name, scalar, &c, c.x.data, c.dx.data, tensor_count(c.x));
    check_threads(ops, name, run, &c, (struct tensor[]){c.y, c.dx}, 2);
    real *once = check_values(ops, c.dx.data, tensor_count(c.dx));
    ops->halve_backward(c.dx, c.dy);
    real *twice = check_values(ops, c.dx.data, tensor_count(c.dx));
    for (size_t i = 0; i < tensor_count(c.dx); i++) once[i] *= 2;
    ok(memcmp(once, twice, tensor_count(c.dx) * sizeof *once) == 0, "%s: the gradient is added", name);
    free(once), free(twice);
    release(&c);
}

static void halved_values(const struct ops *ops)
{
    const real from[] = {1, 10, 3, 20, 5, 30, 9, 50, 100, 1000}, want[] = {2, 15, 7, 40};
    struct context c = begin(ops, 1, 5, 2, 2);
    ops->upload(c.x.data, from, 10);
    ops->halve(c.y, c.x);
    real *got = check_values(ops, c.y.data, 4);
    ok(memcmp(got, want, sizeof want) == 0, "halving: means of pairs, an odd last element left out");
    free(got);
    release(&c);
}

int main(void)
{
    const struct ops *ops = ops_under_test();
    omp_set_num_threads(1);
    const int shapes[][4] = {
        {1, 1, 1, 1}, {1, 7, 3, 5}, {2, 3, 7, 2}, {3, 241, 100, 3}, {2, 200, 165, 2}, {1, 9, 1, 2},
    };
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++)
        adaptive(ops, shapes[i][0], shapes[i][1], shapes[i][2], shapes[i][3]);
    halving(ops, 1, 2, 1);
    halving(ops, 2, 7, 3);
    halving(ops, 3, 241, 2);
    halved_values(ops);
    return done();
}
