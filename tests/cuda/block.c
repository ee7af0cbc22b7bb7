/* Convolution blocks on CUDA against the CPU: the examples of the tests of blocks and shapes that the kernels
 * take other paths for, forward and backward. */
#include "tests/child.h"
#include "tests/cuda/both.h"
#include "tests/ops/block-run.h"

enum {
    FEWER = 1,
    NO_DX = 2,
    NO_WEIGHTS = 4,
    NO_GRADIENTS = 8,
    REAL_C = 16,
    REAL_X = 32,
    REAL_Y = 64,
    FAR = 128,
    AT_ODD = 256
};

/* An example, what of it is special (the above), and the tolerances: of the largest value of a result. */
struct trial {
    struct example e;
    int flags;
    double tolerance, bf16;
};

static const struct trial trials[] = {
    /* clang-format off */
    {{"8 channels, skip and bare", 0, 8,   8,   3, 1, 1,  0, 0,    1, 1, 0, 3, 241,  100, 1, 0}, 0,            5e-6, 15e-3},
    {{"the same, evaluation",      0, 8,   8,   3, 1, 1,  0, 0,    1, 1, 0, 3, 241,  100, 1, 1}, 0,            5e-6, 15e-3},
    {{"8 channels, no norm",       0, 16,  8,   4, 2, 1,  0, 0.25, 0, 1, 0, 1, 241,  0,   0, 0}, REAL_Y,       5e-6, 15e-3},
    {{"16 channels, pool",         0, 8,   16,  5, 1, 2,  0, 0,    1, 1, 1, 3, 70,   0,   1, 0}, REAL_C,       5e-6, 15e-3},
    {{"the same without norm",     0, 8,   16,  5, 1, 2,  0, 0,    0, 1, 1, 3, 70,   0,   0, 0}, REAL_C,       5e-6, 15e-3},
    {{"128 channels, pool",        0, 2,   128, 9, 2, 4,  0, 0,    1, 1, 1, 2, 28,   0,   0, 0}, NO_DX|REAL_X, 5e-6, 15e-3},
    {{"pool, dx wanted, bare",     0, 2,   16,  9, 2, 4,  0, 0,    1, 1, 1, 3, 28,   0,   1, 0}, 0,            5e-6, 15e-3},
    {{"pool, evaluation",          0, 2,   16,  9, 2, 4,  0, 0,    1, 1, 1, 3, 28,   0,   0, 1}, NO_DX,        5e-6, 15e-3},
    {{"33 channels, one row",      0, 3,   33,  9, 2, 4,  0, 0,    1, 0, 0, 3, 1,    7,   0, 0}, 0,            5e-6, 15e-3},
    {{"33 channels, many parts",   0, 4,   33,  3, 1, 1,  0, 0.25, 1, 1, 0, 2, 3000, 0,   0, 0}, 0,            5e-6, 15e-3},
    {{"8 channels, many parts",    0, 8,   8,   1, 1, 0,  0, 0,    1, 0, 0, 1, 140000, 0, 0, 0}, NO_DX,        5e-5, 15e-3},
    {{"130 channels, few rows",    0, 4,   130, 4, 2, 1,  0, 0,    1, 0, 0, 2, 7,    3,   1, 0}, 0,            5e-6, 15e-3},
    {{"128 channels, transposed",  1, 16,  128, 7, 2, 3,  1, 0,    1, 1, 0, 2, 7,    7,   1, 0}, 0,            5e-6, 15e-3},
    {{"transposed, one row",       1, 128, 8,   3, 5, 1,  4, 0,    1, 1, 0, 3, 1,    1,   0, 0}, 0,            5e-6, 15e-3},
    {{"transposed, plain",         1, 16,  2,   9, 2, 4,  1, 1,    0, 0, 0, 2, 241,  0,   0, 0}, REAL_Y,       5e-6, 15e-3},
    {{"plain, skip and bare",      1, 16,  16,  9, 2, 4,  1, 1,    0, 0, 0, 2, 50,   77,  1, 0}, 0,            5e-6, 15e-3},
    {{"plain, skip",               0, 4,   4,   3, 1, 1,  0, 1,    0, 0, 0, 2, 50,   33,  0, 0}, 0,            5e-6, 15e-3},
    {{"discriminator, first",      0, 2,   2,   4, 2, 1,  0, 0,    1, 0, 0, 3, 100,  50,  0, 0}, REAL_X|REAL_Y|REAL_C, 5e-6, 15e-3},
    {{"discriminator, no weights", 0, 4,   8,   4, 2, 1,  0, 0,    1, 0, 0, 3, 31,   15,  0, 0}, NO_WEIGHTS,   5e-6, 15e-3},
    {{"nothing wanted",            0, 4,   8,   4, 2, 1,  0, 0,    1, 0, 0, 3, 31,   15,  0, 0}, NO_WEIGHTS|NO_DX, 5e-6, 15e-3},
    {{"only the bias wanted",      0, 4,   8,   4, 2, 1,  0, 0,    0, 0, 0, 3, 31,   0,   0, 0}, NO_GRADIENTS|NO_DX, 5e-6, 15e-3},
    {{"a plain bias",              0, 4,   8,   4, 2, 1,  0, 1,    0, 0, 0, 3, 31,   0,   0, 0}, NO_GRADIENTS|NO_DX, 5e-6, 15e-3},
    {{"fewer samples",             0, 4,   8,   4, 2, 1,  0, 0,    1, 1, 0, 3, 241,  60,  1, 0}, FEWER,        5e-6, 15e-3},
    {{"tensors at odd places",     1, 8,   8,   3, 1, 1,  0, 0.25, 1, 1, 0, 3, 100,  50,  1, 0}, AT_ODD,       5e-6, 15e-3},
    {{"a mean far from 0",         0, 4,   8,   3, 1, 1,  0, 0,    1, 0, 0, 2, 241,  0,   0, 0}, FAR|REAL_C,   1e-3, 0},
    /* clang-format on */
};

/* The same at an address that fits no more than one value at a time. What the convolution reads may not. */
static struct tensor moved(struct both *run, struct tensor from)
{
    struct tensor x = from;
    x.data = run->ops->at(both_memory(run, run->ops->storage(x) + 1, 0), 1);
    run->ops->copy(x, from);
    return x;
}

static struct tensor activation(struct both *run, const struct trial *t, int real, int batch, int length,
                                int channels, uint32_t purpose)
{
    struct tensor x = t->flags & real ? both_tensor(run, batch, length, channels, purpose)
                                      : both_activation(run, batch, length, channels, purpose);
    return t->flags & AT_ODD && real != REAL_X ? moved(run, x) : x;
}

/* `count` values, first, first + step … */
static device ramp(struct both *run, int count, float first, float step)
{
    float *values = allocate_or_die((size_t)count, sizeof *values);
    device memory = both_memory(run, (size_t)count, 0);
    for (int i = 0; i < count; i++) values[i] = first + step * (float)i;
    run->ops->upload(memory, values, (size_t)count);
    free(values);
    return memory;
}

static struct block_parameters parameters(struct both *run, const struct trial *t, size_t weights)
{
    const struct example *e = &t->e;
    size_t out = (size_t)e->out;
    struct block_parameters p = {.weight = both_memory(run, weights, WEIGHT)};
    p.bias = t->flags & FAR ? ramp(run, e->out, 1000, 1) : both_memory(run, out, BIAS);
    if (!e->norm) return p;
    p.scale = both_memory(run, out, SCALE), p.shift = both_memory(run, out, SHIFT);
    p.running_mean = both_memory(run, out, MEAN), p.running_variance = ramp(run, e->out, 0.5f, 0.25f);
    return p;
}

/* What is added to is not 0 before. */
static struct block_parameters gradients(struct both *run, const struct trial *t, size_t weights)
{
    struct block_parameters dp = {0};
    size_t out = (size_t)t->e.out;
    if (t->flags & NO_WEIGHTS) return dp;
    dp.bias = both_memory(run, out, BIAS);
    if (t->flags & NO_GRADIENTS) return dp;
    dp.weight = both_memory(run, weights, WEIGHT);
    if (t->e.norm) dp.scale = both_memory(run, out, SCALE), dp.shift = both_memory(run, out, SHIFT);
    return dp;
}

static void keep(struct both *run, const char *name, device memory, int count)
{
    if (memory) both_keep_memory(run, name, memory, (size_t)count);
}

static void keep_tensor(struct both *run, const char *name, struct tensor x)
{
    if (x.data) both_keep(run, name, x);
}

/* Twice, the second time with what the first left behind. */
static void run_block(struct both *run, const void *shape)
{
    const struct trial *t = shape;
    const struct example *e = &t->e;
    struct block_shape s = shape_of(e);
    s.bf16 = !(t->flags & REAL_C);
    int batch = e->batch - (t->flags & FEWER ? 1 : 0), rows = block_output_length(&s, e->length);
    size_t weights = (size_t)s.in * (size_t)s.out * (size_t)s.kernel;
    struct tensor x = activation(run, t, REAL_X, batch, e->length, s.in, X), dx = {0}, skip = {0},
                  dskip = {0};
    struct tensor y = activation(run, t, REAL_Y, batch, rows, s.out, 0), bare = {0}, dbare = {0};
    struct tensor dy = activation(run, t, REAL_Y, batch, rows, s.out, DY);
    if (!(t->flags & NO_DX)) dx = activation(run, t, REAL_X, batch, e->length, s.in, DY);
    if (e->skip) skip = activation(run, t, 0, batch, e->skip, s.out, SKIP);
    if (e->skip) dskip = activation(run, t, 0, batch, e->skip, s.out, DBARE);
    if (e->bare) bare = activation(run, t, 0, batch, rows, s.out, 0);
    if (e->bare) dbare = activation(run, t, 0, batch, rows, s.out, DBARE);
    struct block_parameters p = parameters(run, t, weights), dp = gradients(run, t, weights);
    struct pass pass = {.training = !e->evaluation, .update_statistics = true, .seed = 3, .step = 5};
    struct block *block = run->ops->block_new_or_die(&s, e->batch, e->length);
    for (int i = 0; i < 2; i++) {
        run->ops->block_forward(block, p, y, bare, x, skip, pass);
        run->ops->block_backward(block, p, dp, dx, dskip, dy, dbare, x, pass);
        pass.step++;
    }
    run->ops->block_free(block);
    keep_tensor(run, "y", y), keep_tensor(run, "bare", bare);
    keep(run, "running mean", p.running_mean, s.out);
    keep(run, "running variance", p.running_variance, s.out);
    keep_tensor(run, "dx", dx), keep_tensor(run, "dskip", dskip);
    keep(run, "dweight", dp.weight, (int)weights), keep(run, "dbias", dp.bias, s.out);
    keep(run, "dscale", dp.scale, s.out), keep(run, "dshift", dp.shift, s.out);
}

/* Statistics stand still where they are not to move. */
static void run_still(struct both *run, const void *shape)
{
    const struct trial *t = shape;
    struct block_shape s = shape_of(&t->e);
    struct block *block = run->ops->block_new_or_die(&s, t->e.batch, t->e.length);
    struct tensor x = both_tensor(run, t->e.batch, t->e.length, s.in, X);
    struct tensor y = both_tensor(run, t->e.batch, block_output_length(&s, t->e.length), s.out, 0);
    struct block_parameters p = parameters(run, t, (size_t)s.in * (size_t)s.out * (size_t)s.kernel);
    run->ops->block_forward(block, p, y, (struct tensor){0}, x, (struct tensor){0},
                            (struct pass){.training = true});
    run->ops->block_free(block);
    keep(run, "running mean that stands still", p.running_mean, s.out);
    keep(run, "running variance that stands still", p.running_variance, s.out);
}

static void wrong_length(const void *argument)
{
    const struct ops *ops = both_cuda(PRECISION_FP32);
    struct tensor x = tensor_make(NULL, 1, 10, 2), y = tensor_make(NULL, 1, 9, 2);
    ops->block_forward(*(struct block *const *)argument, (struct block_parameters){0}, y, (struct tensor){0},
                       x, (struct tensor){0}, (struct pass){0});
}

static void test_refusal(void)
{
    struct block_shape s = {.in = 2, .out = 2, .kernel = 1, .stride = 1, .slope = 1};
    struct block *block = both_cuda(PRECISION_FP32)->block_new_or_die(&s, 1, 10);
    struct outcome outcome = child_run(wrong_length, &block);
    ok(outcome.status == 1 && strstr(outcome.err, "a block of 1 samples, 10 rows to 10"),
       "tensors of other shapes are refused: %s", outcome.err);
    both_cuda(PRECISION_FP32)->block_free(block);
}

/* An example of the tests of blocks as a trial. In a pool of bf16 c the larger one may be another. */
static struct trial trial_of(const struct example *e)
{
    return (struct trial){*e, e->pool ? REAL_C : 0, 5e-6, 15e-3};
}

int main(void)
{
    test_refusal();
    for (size_t i = 0; i < sizeof examples / sizeof *examples; i++) {
        struct trial trial = trial_of(&examples[i]);
        both_check(trial.e.name, run_block, &trial, trial.tolerance, trial.bf16);
    }
    for (size_t i = 0; i < sizeof trials / sizeof *trials; i++)
        both_check(trials[i].e.name, run_block, &trials[i], trials[i].tolerance, trials[i].bf16);
    both_check("no update", run_still, &trials[0], 0, 0);
    return done();
}
