/* Attention: closed forms, gradients with and without dropout, large scores, any number of threads. */
#include "tests/ops/check.h"
#include "tests/ops/threads.h"

struct context {
    const struct ops *ops;
    struct attention *attention;
    struct tensor y, qkv, dy, dqkv;
    struct pass pass;
};

static double scalar(void *context)
{
    struct context *c = context;
    c->ops->attention_forward(c->attention, c->y, c->qkv, c->pass);
    return check_dot(c->ops, c->y, c->dy);
}

static void run(void *context)
{
    struct context *c = context;
    c->ops->attention_forward(c->attention, c->y, c->qkv, c->pass);
    c->ops->attention_backward(c->attention, c->dqkv, c->dy, c->y, c->qkv, c->pass);
}

static struct context begin(const struct ops *ops, int batch, int length, int width, int heads, real share)
{
    struct context c = {.ops = ops, .pass = {true, false, 11, 3}};
    c.attention = ops->attention_new_or_die(batch, length, width, heads, (struct dropout){share, 5});
    omp_set_num_threads(1);
    c.y = check_tensor(ops, batch, length, width, 0);
    c.dy = check_tensor(ops, batch, length, width, 1);
    c.qkv = check_tensor(ops, batch, length, 3 * width, 2);
    c.dqkv = check_tensor(ops, batch, length, 3 * width, 3);
    return c;
}

static void end(struct context *c)
{
    c->ops->attention_free(c->attention);
    c->ops->release(c->y.data), c->ops->release(c->dy.data);
    c->ops->release(c->qkv.data), c->ops->release(c->dqkv.data);
}

static void gradients(const struct ops *ops, int batch, int length, int width, int heads, real share)
{
    char name[80];
    struct context c = begin(ops, batch, length, width, heads, share);
    snprintf(name, sizeof name, "attention (%d, %d, %d) of %d heads, dropout %g", batch, length, width, heads,
             (double)share);
    run(&c);
    check_gradient(ops, name, scalar, &c, c.qkv.data, c.dqkv.data, tensor_count(c.qkv));
    check_threads(ops, name, run, &c, (struct tensor[]){c.y, c.dqkv}, 2);
    end(&c);
}

/* Queries of 0 look everywhere alike: y is the mean of the values. */
static void mean_of_values(const struct ops *ops)
{
    enum { LENGTH = 7, WIDTH = 4 };
    struct context c = begin(ops, 2, LENGTH, WIDTH, 2, 0);
    real *qkv = check_values(ops, c.qkv.data, tensor_count(c.qkv));
    real want[2 * LENGTH * WIDTH] = {0};
    for (int i = 0; i < 2 * LENGTH; i++)
        for (int w = 0; w < WIDTH; w++) {
            qkv[i * 3 * WIDTH + w] = 0;
            for (int j = 0; j < LENGTH; j++)
                want[(i / LENGTH * LENGTH + j) * WIDTH + w] += qkv[i * 3 * WIDTH + 2 * WIDTH + w] / LENGTH;
        }
    ops->upload(c.qkv.data, qkv, tensor_count(c.qkv));
    run(&c);
    real *got = check_values(ops, c.y.data, tensor_count(c.y));
    ok(check_relative_error(got, want, tensor_count(c.y)) < CHECK_CLOSE,
       "queries of 0: the mean of the values");
    free(qkv), free(got);
    end(&c);
}

/* Every value 1: y is the sum of the dropped probabilities, 1 on average. */
static void dropout_keeps_the_mean(const struct ops *ops)
{
    struct context c = begin(ops, 2, 241, 4, 2, (real)0.25);
    check_affine(ops, c.qkv, 0, 1);
    run(&c);
    check_affine(ops, c.dy, 0, 1);
    const double count = (double)tensor_count(c.y), mean = check_dot(ops, c.y, c.dy) / count;
    ok(fabs(mean - 1) < 1e-2, "dropout keeps the mean: %.4f", mean);
    ok(check_dot(ops, c.y, c.y) / count - mean * mean > 5e-4, "dropout changes something");
    c.pass.training = false;
    run(&c);
    ok(fabs(check_dot(ops, c.y, c.y) / count - 1) < 1e-5, "evaluation drops nothing");
    end(&c);
}

static void large_scores(const struct ops *ops)
{
    struct context c = begin(ops, 1, 9, 4, 1, 0);
    check_affine(ops, c.qkv, 1e4, 0);
    run(&c);
    ok(check_finite(ops, c.y) && check_finite(ops, c.dqkv), "scores of 1e8 stay finite");
    end(&c);
}

int main(void)
{
    const struct ops *ops = ops_under_test();
    for (int i = 0; i < 2; i++) {
        const real share = i ? (real)0.25 : 0;
        gradients(ops, 1, 1, 4, 2, share);
        gradients(ops, 2, 7, 6, 3, share);
        gradients(ops, 3, 241, 8, 2, share);
    }
    mean_of_values(ops);
    dropout_keeps_the_mean(ops);
    large_scores(ops);
    return done();
}
