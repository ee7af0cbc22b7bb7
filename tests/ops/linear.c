/* Linear layers: forward against a plain loop, backward against differences, the same bytes from any number
 * of threads. */
#include <omp.h>

#include "tests/ops/check.h"

struct example {
    int batch, length, in, out;
    bool bias, relu, add;
};

static const struct example examples[] = {
    {2, 5, 3, 7, true, true, false},    {1, 1, 1, 1, true, false, true},
    {3, 1, 9001, 2, true, true, true},  {2, 150, 40, 130, false, true, true},
    {700, 8, 2, 3, true, false, false}, {1, 300, 70, 5, false, false, false},
};

struct run {
    const struct ops *ops;
    const struct example *example;
    struct tensor x, y, dx, dy;
    device weight, bias, dweight, dbias;
    size_t weights;
};

static struct run run_make(const struct example *e)
{
    const struct ops *ops = ops_under_test();
    struct run run = {.ops = ops, .example = e, .weights = (size_t)e->in * (size_t)e->out};
    run.x = check_tensor(ops, e->batch, e->length, e->in, 1),
    run.dx = check_tensor(ops, e->batch, e->length, e->in, 2);
    run.y = check_tensor(ops, e->batch, e->length, e->out, 0),
    run.dy = check_tensor(ops, e->batch, e->length, e->out, 3);
    run.weight = check_memory(ops, run.weights, 4), run.dweight = check_memory(ops, run.weights, 0);
    if (!e->bias) return run;
    run.bias = check_memory(ops, (size_t)e->out, 5), run.dbias = check_memory(ops, (size_t)e->out, 0);
    return run;
}

static void run_free(struct run *run)
{
    device all[] = {run->x.data, run->y.data, run->dx.data, run->dy.data,
                    run->weight, run->bias,   run->dweight, run->dbias};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) run->ops->release(all[i]);
}

static void forward(const struct run *run)
{
    run->ops->linear(run->y, run->x, run->weight, run->bias, run->example->relu);
}

/* Of a copy of dy: the operation masks it. */
static void backward(const struct run *run)
{
    struct tensor dy = run->dy;
    dy.data = check_memory(run->ops, tensor_count(dy), 3);
    run->ops->linear_backward(run->dx, run->dweight, run->dbias, dy, run->y, run->x, run->weight,
                              run->example->relu, run->example->add);
    run->ops->release(dy.data);
}

static double loss(void *context)
{
    const struct run *run = context;
    forward(run);
    return check_dot(run->ops, run->y, run->dy);
}

static void test_forward(const struct run *run)
{
    const struct example *e = run->example;
    size_t count = tensor_count(run->y);
    real *x = check_values(run->ops, run->x.data, tensor_count(run->x)),
         *w = check_values(run->ops, run->weight, run->weights);
    real *want = allocate_or_die(count, sizeof *want);
    for (size_t i = 0; i < count; i++) {
        real bias = 0;
        if (e->bias) run->ops->download(&bias, run->ops->at(run->bias, i % (size_t)e->out), 1);
        double sum = (double)bias;
        for (size_t k = 0; k < (size_t)e->in; k++)
            sum += (double)x[i / (size_t)e->out * (size_t)e->in + k] *
                   (double)w[i % (size_t)e->out * (size_t)e->in + k];
        want[i] = (real)(e->relu ? fmax(sum, 0) : sum);
    }
    forward(run);
    real *got = check_values(run->ops, run->y.data, count);
    double error = check_relative_error(got, want, count);
    ok(error < CHECK_CLOSE, "(%d, %d, %d) to %d: forward: %.1e", e->batch, e->length, e->in, e->out, error);
    free(x), free(w), free(want), free(got);
}

static void test_backward(const struct run *run)
{
    real *before = check_values(run->ops, run->dx.data, tensor_count(run->dx));
    forward(run);
    backward(run);
    real *after = check_values(run->ops, run->dx.data, tensor_count(run->dx));
    for (size_t i = 0; run->example->add && i < tensor_count(run->dx); i++) after[i] -= before[i];
    run->ops->upload(run->dx.data, after, tensor_count(run->dx));
    free(before), free(after);
    if (sizeof(real) < sizeof(double)) return;
    check_gradient(run->ops, "x", loss, (void *)run, run->x.data, run->dx.data, tensor_count(run->x));
    check_gradient(run->ops, "weight", loss, (void *)run, run->weight, run->dweight, run->weights);
    if (run->bias)
        check_gradient(run->ops, "bias", loss, (void *)run, run->bias, run->dbias, (size_t)run->example->out);
}

static struct run run_with(const struct example *e, int threads)
{
    omp_set_num_threads(threads);
    struct run run = run_make(e);
    forward(&run);
    backward(&run);
    return run;
}

static void test_threads(const struct example *e)
{
    struct run one = run_with(e, 1);
    for (int threads = 2; threads <= 3; threads++) {
        struct run more = run_with(e, threads);
        bool same = check_same(one.ops, one.y.data, more.y.data, tensor_count(one.y)) &&
                    check_same(one.ops, one.dx.data, more.dx.data, tensor_count(one.dx)) &&
                    check_same(one.ops, one.dweight, more.dweight, one.weights) &&
                    (!e->bias || check_same(one.ops, one.dbias, more.dbias, (size_t)e->out));
        ok(same, "(%d, %d, %d) to %d: the same bytes from %d threads", e->batch, e->length, e->in, e->out,
           threads);
        run_free(&more);
    }
    run_free(&one);
}

int main(void)
{
    for (size_t i = 0; i < sizeof examples / sizeof *examples; i++) {
        omp_set_num_threads(1); /* many small passes */
        struct run run = run_make(&examples[i]);
        test_forward(&run);
        test_backward(&run);
        run_free(&run);
        test_threads(&examples[i]);
    }
    return done();
}
