/* Blocks of many shapes with their tensors, for the tests. */
#ifndef TESTS_OPS_BLOCK_RUN_H
#define TESTS_OPS_BLOCK_RUN_H

#include "tests/ops/check.h"

/* One row of the table of blocks. */
struct example {
    const char *name;
    bool transposed;
    int in, out, kernel, stride, padding, output_padding;
    double slope;
    bool norm, drop, pool;
    int batch, length, skip; /* skip: length, 0 for none */
    bool bare, evaluation;
};

static const struct example examples[] = {
    /* clang-format off */
    {"first convolution, pool",        0, 2,  8,  9,  2, 4,  0, 0,    1, 1, 1, 2, 96,  0,   0, 0},
    {"pool without norm, bare",        0, 3,  2,  4,  1, 2,  0, 1,    0, 0, 1, 2, 7,   0,   1, 0},
    {"convolution, skip",              0, 3,  5,  7,  2, 3,  0, 0,    1, 1, 0, 3, 7,   11,  1, 0},
    {"one row",                        0, 1,  3,  9,  2, 4,  0, 1,    1, 0, 0, 4, 1,   1,   0, 0},
    {"padding beyond the patches",     0, 2,  3,  2,  3, 5,  0, 0.25, 1, 0, 0, 2, 5,   0,   1, 0},
    {"many tiles",                     0, 5,  3,  5,  1, 2,  0, 0.25, 1, 1, 0, 2, 541, 100, 1, 0},
    {"stride beyond the kernel",       0, 3,  4,  2,  5, 0,  0, 0.25, 1, 1, 0, 1, 841, 700, 0, 0},
    {"discriminator",                  0, 2,  4,  4,  2, 1,  0, 0.25, 0, 0, 0, 2, 331, 165, 1, 0},
    {"one by one",                     0, 3,  5,  1,  1, 0,  0, 1,    0, 0, 0, 2, 50,  0,   0, 0},
    {"many channels, many tiles",      0, 17, 16, 7,  2, 3,  0, 0,    1, 1, 0, 1, 700, 0,   0, 0},
    {"transposed 7 by 2",              1, 5,  16, 7,  2, 3,  1, 0,    1, 1, 0, 2, 150, 150, 1, 0},
    {"transposed 2 by 2",              1, 3,  32, 2,  2, 0,  0, 0.25, 1, 1, 0, 2, 9,   18,  1, 0},
    {"transposed 3 by 5",              1, 4,  22, 3,  5, 1,  4, 0,    1, 1, 0, 2, 7,   3,   0, 0},
    {"transposed to 2 channels",       1, 6,  2,  9,  2, 4,  1, 1,    0, 0, 0, 2, 241, 0,   0, 0},
    {"transposed one row, pool",       1, 2,  3,  9,  2, 1,  1, 0,    1, 0, 1, 3, 1,   0,   1, 0},
    {"transposed, padding cuts tiles", 1, 2,  3,  70, 1, 69, 0, 0,    0, 0, 0, 1, 250, 0,   0, 0},
    {"evaluation",                     0, 3,  5,  7,  2, 3,  0, 0,    1, 1, 0, 3, 41,  11,  1, 1},
    /* clang-format on */
};

static inline struct block_shape shape_of(const struct example *e)
{
    return (struct block_shape){.transposed = e->transposed,
                                .in = e->in,
                                .out = e->out,
                                .kernel = e->kernel,
                                .stride = e->stride,
                                .padding = e->padding,
                                .output_padding = e->output_padding,
                                .slope = (real)e->slope,
                                .norm = e->norm,
                                .epsilon = (real)1e-5,
                                .momentum = (real)0.1,
                                .dropout = {e->drop ? (real)0.2 : 0, 9},
                                .pool_pairs = e->pool};
}

enum { X = 1, SKIP, WEIGHT, BIAS, SCALE, SHIFT, MEAN, VARIANCE, DY, DBARE };

/* An example's tensors; members that begin with d are gradients. */
struct run {
    const struct ops *ops;
    const struct example *example;
    struct block_shape shape;
    struct block *block;
    struct tensor x, skip, y, bare, dx, dskip, dy, dbare;
    struct block_parameters p, dp;
    struct pass pass;
    size_t weights;
    int out;
};

static inline void make_parameters(struct run *run)
{
    const struct ops *ops = run->ops;
    const struct block_shape *s = &run->shape;
    size_t out = (size_t)s->out;
    run->weights = out * (size_t)s->in * (size_t)s->kernel;
    run->p.weight = check_memory(ops, run->weights, WEIGHT), run->p.bias = check_memory(ops, out, BIAS);
    run->dp.weight = check_memory(ops, run->weights, 0), run->dp.bias = check_memory(ops, out, 0);
    if (!s->norm) return;
    run->p.scale = check_memory(ops, out, SCALE), run->p.shift = check_memory(ops, out, SHIFT);
    run->dp.scale = check_memory(ops, out, 0), run->dp.shift = check_memory(ops, out, 0);
    run->p.running_mean = check_memory(ops, out, MEAN);
    real *variance = allocate_or_die(out, sizeof *variance);
    for (size_t c = 0; c < out; c++) variance[c] = (real)(0.5 + 0.25 * (double)c);
    run->p.running_variance = check_memory(ops, out, 0);
    ops->upload(run->p.running_variance, variance, out);
    free(variance);
}

static inline struct run run_make(const struct example *e)
{
    const struct ops *ops = ops_under_test();
    struct run run = {.ops = ops, .example = e, .shape = shape_of(e), .out = e->out};
    const struct block_shape *s = &run.shape;
    int b = e->batch, rows = block_output_length(s, e->length);
    run.block = ops->block_new_or_die(s, b, e->length);
    run.x = check_tensor(ops, b, e->length, s->in, X), run.dx = check_tensor(ops, b, e->length, s->in, DY);
    run.y = check_tensor(ops, b, rows, s->out, 0), run.dy = check_tensor(ops, b, rows, s->out, DY);
    if (e->skip) {
        run.skip = check_tensor(ops, b, e->skip, s->out, SKIP);
        run.dskip = check_tensor(ops, b, e->skip, s->out, 0);
    }
    if (e->bare) {
        run.bare = check_tensor(ops, b, rows, s->out, 0);
        run.dbare = check_tensor(ops, b, rows, s->out, DBARE);
    }
    run.pass = (struct pass){.training = !e->evaluation, .seed = 3, .step = 5};
    make_parameters(&run);
    return run;
}

static inline void run_free(struct run *run)
{
    device all[] = {run->x.data,    run->skip.data,      run->y.data,
                    run->bare.data, run->dx.data,        run->dskip.data,
                    run->dy.data,   run->dbare.data,     run->p.weight,
                    run->p.bias,    run->p.scale,        run->p.shift,
                    run->dp.weight, run->dp.bias,        run->dp.scale,
                    run->dp.shift,  run->p.running_mean, run->p.running_variance};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) run->ops->release(all[i]);
    run->ops->block_free(run->block);
}

static inline void forward(const struct run *run)
{
    run->ops->block_forward(run->block, run->p, run->y, run->bare, run->x, run->skip, run->pass);
}

static inline void backward(const struct run *run)
{
    run->ops->block_backward(run->block, run->p, run->dp, run->dx, run->dskip, run->dy, run->dbare, run->x,
                             run->pass);
}

#endif
