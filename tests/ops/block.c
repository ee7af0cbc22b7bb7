/* Convolution blocks: forward against loops that follow the definition, backward against differences, and the
 * same bytes from 1, 2 and 3 threads. */
#include <omp.h>

#include "tests/ops/block-plain.h"

static double loss(void *context)
{
    const struct run *run = context;
    forward(run);
    return check_dot(run->ops, run->y, run->dy) +
           (run->bare.data ? check_dot(run->ops, run->bare, run->dbare) : 0);
}

/* Compares a tensor of the run with doubles. */
static void compare(const struct run *run, const char *what, device got, const double *want, size_t count)
{
    real *a = check_values(run->ops, got, count), *b = allocate_or_die(count, sizeof *b);
    for (size_t i = 0; i < count; i++) b[i] = (real)want[i];
    double error = check_relative_error(a, b, count);
    ok(error < 10 * CHECK_CLOSE, "%s: %s: %.1e", run->example->name, what, error);
    free(a), free(b);
}

/* Forward, with the running statistics on the move. */
static void test_forward(struct run *run)
{
    const struct block_shape *s = &run->shape;
    int n = run->out, rows = run->x.batch * block_convolved_length(s, run->x.length), count = rows * n;
    double *h = allocate_or_die((size_t)count, sizeof *h), mean, variance;
    double *running = allocate_or_die(2 * (size_t)n, sizeof *running);
    plain_convolution(h, run);
    for (int c = 0; c < n; c++) {
        plain_channel(h, count, c, run, &mean, &variance);
        if (!s->norm) continue;
        real old[2];
        run->ops->download(&old[0], run->ops->at(run->p.running_mean, (size_t)c), 1);
        run->ops->download(&old[1], run->ops->at(run->p.running_variance, (size_t)c), 1);
        double share = run->pass.training ? 0.1 : 0;
        running[c] = (1 - share) * (double)old[0] + share * mean;
        running[n + c] = (1 - share) * (double)old[1] + share * variance * rows / (rows - 1);
    }
    for (int i = 0; s->pool_pairs && i < count / 2; i++) {
        double a = h[i / n * 2 * n + i % n], b = h[(i / n * 2 + 1) * n + i % n];
        h[i] = fmax(a, b) + (a + b) / 2;
    }
    run->pass.update_statistics = true;
    forward(run);
    run->pass.update_statistics = false;
    if (run->bare.data) compare(run, "bare", run->bare.data, h, tensor_count(run->y));
    if (run->skip.data) plain_skip(h, run);
    compare(run, "forward", run->y.data, h, tensor_count(run->y));
    if (s->norm) compare(run, "running mean", run->p.running_mean, running, (size_t)n);
    if (s->norm) compare(run, "running variance", run->p.running_variance, running + n, (size_t)n);
    free(h), free(running);
}

static void test_backward(struct run *run)
{
    struct {
        const char *name;
        device values, gradient;
        size_t count;
    } all[] = {
        {"x", run->x.data, run->dx.data, tensor_count(run->x)},
        {"skip", run->skip.data, run->dskip.data, tensor_count(run->skip)},
        {"weight", run->p.weight, run->dp.weight, run->weights},
        {"bias", run->p.bias, run->dp.bias, (size_t)run->out},
        {"scale", run->p.scale, run->dp.scale, (size_t)run->out},
        {"shift", run->p.shift, run->dp.shift, (size_t)run->out},
    };
    forward(run);
    backward(run);
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        if (!all[i].values || sizeof(real) < sizeof(double)) continue;
        char *name = text_or_die("%s: %s", run->example->name, all[i].name);
        check_gradient(run->ops, name, loss, run, all[i].values, all[i].gradient, all[i].count);
        free(name);
    }
}

/* All results of a forward and a backward pass, one after another. Caller frees. */
static real *results(const struct example *e, int threads, size_t *count)
{
    omp_set_num_threads(threads);
    struct run run = run_make(e);
    run.pass.update_statistics = true;
    forward(&run);
    backward(&run);
    size_t n = (size_t)run.out, norm = e->norm ? n : 0;
    struct {
        device memory;
        size_t count;
    } all[] = {
        {run.y.data, tensor_count(run.y)},
        {run.dx.data, tensor_count(run.dx)},
        {run.dp.weight, run.weights},
        {run.dp.bias, n},
        {run.dp.scale, norm},
        {run.dp.shift, norm},
        {run.p.running_mean, norm},
        {run.p.running_variance, norm},
        {run.dskip.data, tensor_count(run.dskip)},
    };
    *count = 0;
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) *count += all[i].count;
    real *values = allocate_or_die(*count, sizeof *values), *to = values;
    for (size_t i = 0; i < sizeof all / sizeof *all; to += all[i++].count)
        if (all[i].count) run.ops->download(to, all[i].memory, all[i].count);
    run_free(&run);
    return values;
}

static void test_threads(const struct example *e)
{
    size_t count;
    real *one = results(e, 1, &count);
    for (int threads = 2; threads <= 3; threads++) {
        real *more = results(e, threads, &count);
        ok(memcmp(one, more, count * sizeof *one) == 0, "%s: the same bytes from %d threads", e->name,
           threads);
        free(more);
    }
    free(one);
}

/* Gradients that nobody wants, and fewer samples than the block was made for. */
static void test_parts(const struct example *e)
{
    struct run run = run_make(e), part = run;
    size_t half = tensor_count(run.dx) / (size_t)e->batch;
    part.x.batch = part.y.batch = part.dx.batch = part.dy.batch = part.bare.batch = part.dbare.batch = 1;
    part.skip.batch = part.dskip.batch = 1;
    part.dp = (struct block_parameters){0};
    forward(&part);
    backward(&part);
    struct example single = *e;
    single.batch = 1;
    struct run other = run_make(&single);
    other.pass = part.pass;
    forward(&other);
    backward(&other);
    ok(check_same(run.ops, part.y.data, other.y.data, tensor_count(other.y)), "%s: part of a batch", e->name);
    real *a = check_values(run.ops, part.dx.data, half), *b = check_values(run.ops, other.dx.data, half);
    double error = check_relative_error(a, b, half);
    ok(error < 10 * CHECK_CLOSE, "%s: gradient by x alone: %.1e", e->name, error);
    free(a), free(b);
    run_free(&run), run_free(&other);
}

int main(void)
{
    size_t before;
    for (size_t i = 0; i < sizeof examples / sizeof *examples; i++) {
        omp_set_num_threads(1); /* many small passes */
        struct run run = run_make(&examples[i]);
        test_forward(&run);
        test_backward(&run);
        run_free(&run);
        test_threads(&examples[i]);
    }
    test_parts(&examples[5]);
    /* By now a backend has all scratch that it keeps. */
    before = ops_under_test()->allocated();
    test_parts(&examples[5]);
    ok(ops_under_test()->allocated() == before, "all memory is given back");
    return done();
}
