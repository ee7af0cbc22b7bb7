/* The optimiser against its formulas, in double. */
#include <omp.h>

#include "tests/ops/check.h"

enum { COUNT = 30011 };

static void test_adamw(const struct ops *ops)
{
    device p = check_memory(ops, COUNT, 1), g = check_memory(ops, COUNT, 2);
    device m = check_memory(ops, COUNT, 0), v = check_memory(ops, COUNT, 0);
    real *gradient = check_values(ops, g, COUNT), *want = check_values(ops, p, COUNT), *got;
    struct adamw settings = {(real)0.01, (real)0.5, (real)0.999, (real)1e-8, (real)0.1, 0};
    double rate = (double)settings.learning_rate, b1 = (double)settings.beta1, b2 = (double)settings.beta2;
    for (int i = 0; i < COUNT; i++) {
        double mean = 0, square = 0, x = (double)want[i], d = (double)gradient[i];
        for (int step = 1; step <= 3; step++) {
            mean = b1 * mean + (1 - b1) * d, square = b2 * square + (1 - b2) * d * d;
            x -= rate * (double)settings.weight_decay * x;
            x -= rate * mean / (1 - pow(b1, step)) / (sqrt(square / (1 - pow(b2, step))) + 1e-8);
        }
        want[i] = (real)x;
    }
    for (settings.step = 1; settings.step <= 3; settings.step++) ops->adamw(p, g, m, v, COUNT, settings);
    got = check_values(ops, p, COUNT);
    double error = check_relative_error(got, want, COUNT);
    ok(error < CHECK_CLOSE * 10, "adamw: three steps: %.1e", error);
    free(gradient), free(want), free(got);
    ops->release(p), ops->release(g), ops->release(m), ops->release(v);
}

static double norm(const struct ops *ops, device x)
{
    struct tensor all = tensor_make(x, 1, COUNT, 1);
    return sqrt(check_dot(ops, all, all));
}

static void test_clip(const struct ops *ops)
{
    device g = check_memory(ops, COUNT, 2);
    real *before = check_values(ops, g, COUNT);
    double length = norm(ops, g);
    ops->clip(g, COUNT, (real)(2 * length));
    real *after = check_values(ops, g, COUNT);
    ok(memcmp(before, after, COUNT * sizeof *before) == 0, "clip: a short gradient stays as it is");
    ops->clip(g, COUNT, (real)(length / 4));
    ok(fabs(norm(ops, g) / length - 0.25) < 1e-5, "clip: a long one is cut to the limit");
    free(before), free(after);
    ops->release(g);
}

static void test_threads(const struct ops *ops)
{
    device g[3];
    for (int t = 0; t < 3; t++) {
        omp_set_num_threads(t + 1);
        g[t] = check_memory(ops, COUNT, 2);
        ops->clip(g[t], COUNT, 1);
    }
    for (int t = 1; t < 3; t++)
        ok(check_same(ops, g[0], g[t], COUNT), "clip: the same bytes from %d threads", t + 1);
    for (int t = 0; t < 3; t++) ops->release(g[t]);
}

int main(void)
{
    const struct ops *ops = ops_under_test();
    test_adamw(ops);
    test_clip(ops);
    test_threads(ops);
    return done();
}
