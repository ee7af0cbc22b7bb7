/* The convolutions of CUDA's blocks, by themselves: blocks where nothing follows the convolution; and
 * blocks that recompute its output instead of storing it. */
#include "tests/cuda/both.h"

enum { X = 1, WEIGHT, BIAS, DY, DWEIGHT, DBIAS, SCALE, SHIFT };

struct convolution {
    const char *name;
    bool transposed;
    int in, out, kernel, stride, padding, output_padding;
    int batch, length;
    bool real_x, real_y; /* not bf16, in the run in bf16 */
    int fewer;           /* samples than the block is made for */
    bool odd;            /* addresses */
};

static struct block_shape shape_of(const struct convolution *c)
{
    return (struct block_shape){.transposed = c->transposed,
                                .in = c->in,
                                .out = c->out,
                                .kernel = c->kernel,
                                .stride = c->stride,
                                .padding = c->padding,
                                .output_padding = c->output_padding,
                                .slope = 1,
                                .bf16 = true};
}

static struct tensor make(struct both *run, bool reals, int batch, int length, int channels, uint32_t purpose)
{
    return reals ? both_tensor(run, batch, length, channels, purpose)
                 : both_activation(run, batch, length, channels, purpose);
}

/* The same at an address that fits one value at a time only. */
static struct tensor moved(struct both *run, struct tensor from)
{
    struct tensor x = from;
    x.data = run->ops->at(both_memory(run, run->ops->storage(x) + 1, 0), 1);
    run->ops->copy(x, from);
    return x;
}

/* Gradients of parameters are added to what is there. */
static void convolve(struct both *run, const void *data)
{
    const struct convolution *c = data;
    struct block_shape s = shape_of(c);
    const struct ops *ops = run->ops;
    int rows = block_output_length(&s, c->length);
    size_t weights = (size_t)c->in * (size_t)c->out * (size_t)c->kernel;
    struct block *block = ops->block_new_or_die(&s, c->batch + c->fewer, c->length);
    struct tensor x = make(run, c->real_x, c->batch, c->length, c->in, X), none = {0};
    struct tensor dx = make(run, c->real_x, c->batch, c->length, c->in, DY);
    struct tensor y = make(run, c->real_y, c->batch, rows, c->out, X);
    struct tensor dy = make(run, c->real_y, c->batch, rows, c->out, DY);
    if (c->odd) x = moved(run, x), dx = moved(run, dx), y = moved(run, y), dy = moved(run, dy);
    struct block_parameters p = {.weight = both_memory(run, weights, WEIGHT),
                                 .bias = both_memory(run, (size_t)c->out, BIAS)};
    struct block_parameters dp = {.weight = both_memory(run, weights, DWEIGHT),
                                  .bias = both_memory(run, (size_t)c->out, DBIAS)};
    struct pass pass = {.training = true};
    ops->block_forward(block, p, y, none, x, none, pass);
    ops->block_backward(block, p, dp, dx, none, dy, none, x, pass);
    both_keep(run, "y", y);
    both_keep(run, "dx", dx);
    both_keep_memory(run, "dweight", dp.weight, weights);
    both_keep_memory(run, "dbias", dp.bias, (size_t)c->out);
    ops->block_free(block);
}

static const struct convolution convolutions[] = {
    /* clang-format off */
    /* By gemm. */
    {"convolution 7 by 2",                    0, 16,  24,  7,  2, 3,  0, 3, 40,     0, 0, 0, 0},
    {"convolution 7 by 2, odd length",        0, 24,  16,  7,  2, 3,  0, 2, 41,     0, 0, 0, 0},
    {"convolution 5 by 3, no padding",        0, 32,  16,  5,  3, 0,  0, 2, 64,     0, 0, 0, 0},
    {"convolution 2 by 5",                    0, 16,  16,  2,  5, 1,  0, 2, 52,     0, 0, 0, 0},
    {"convolution 1 by 1",                    0, 16,  40,  1,  1, 0,  0, 2, 7,      0, 0, 0, 0},
    {"convolution, no patch inside",          0, 16,  16,  9,  1, 4,  0, 2, 5,      0, 0, 0, 0},
    {"convolution, one patch inside",         0, 16,  16,  9,  2, 4,  0, 1, 10,     0, 0, 0, 0},
    {"convolution, padding beyond",           0, 16,  16,  3,  2, 5,  0, 2, 9,      0, 0, 0, 0},
    {"convolution of one row",                0, 16,  16,  7,  2, 3,  0, 3, 1,      0, 0, 0, 0},
    {"convolution, reals to bf16",            0, 16,  16,  4,  2, 1,  0, 2, 30,     1, 0, 0, 0},
    {"convolution, bf16 to reals",            0, 16,  16,  4,  2, 1,  0, 2, 30,     0, 1, 0, 0},
    {"transposed 7 by 2",                     1, 24,  16,  7,  2, 3,  1, 3, 25,     0, 0, 0, 0},
    {"transposed 2 by 2",                     1, 16,  24,  2,  2, 0,  0, 3, 17,     0, 0, 0, 0},
    {"transposed 3 by 5",                     1, 16,  16,  3,  5, 1,  4, 2, 13,     0, 0, 0, 0},
    {"transposed 3 by 5, one sample",         1, 16,  16,  3,  5, 1,  0, 1, 13,     0, 0, 0, 0},
    {"transposed 9 by 2, no padding",         1, 16,  16,  9,  2, 0,  0, 2, 12,     0, 0, 0, 0},
    {"transposed 4 by 1, padding",            1, 16,  16,  4,  1, 3,  0, 2, 21,     0, 0, 0, 0},
    {"transposed 9 by 3, few rows",           1, 16,  16,  9,  3, 1,  2, 2, 2,      0, 0, 0, 0},
    {"transposed of one row",                 1, 16,  32,  7,  2, 3,  1, 3, 1,      0, 0, 0, 0},
    {"128 channels",                          0, 128, 128, 7,  2, 3,  0, 1, 46,     0, 0, 0, 0},
    {"convolution, odd addresses",            0, 16,  24,  7,  2, 3,  0, 3, 40,     0, 0, 0, 1},
    {"transposed, odd addresses",             1, 16,  16,  3,  5, 1,  4, 2, 13,     0, 0, 0, 1},
    /* Windows of few values. */
    {"2 to 128 channels",                     0, 2,   128, 9,  2, 4,  0, 2, 482,    1, 0, 0, 0},
    {"128 to 2 channels",                     1, 128, 2,   9,  2, 4,  1, 2, 241,    0, 1, 0, 0},
    {"128 to 2 channels, long",               1, 128, 2,   9,  2, 4,  1, 1, 600,    0, 1, 0, 0},
    {"3 to 64, a kernel of 8",                0, 3,   64,  8,  1, 3,  0, 2, 300,    0, 0, 0, 0},
    {"2 to 64, strides of 10 values",         0, 2,   64,  5,  5, 2,  0, 2, 301,    1, 1, 0, 0},
    {"192 to 1, strides of 5 values",         1, 192, 1,   9,  5, 2,  3, 2, 270,    1, 1, 0, 0},
    {"64 to 3, bf16",                         1, 64,  3,   6,  3, 7,  2, 3, 9,      0, 0, 0, 0},
    {"2 to 64 channels, odd addresses",       0, 2,   64,  9,  2, 4,  0, 2, 48,     0, 0, 0, 1},
    {"64 to 2 channels, odd addresses",       1, 64,  2,   9,  2, 4,  1, 2, 24,     0, 0, 0, 1},
    {"2 to 2 channels",                       0, 2,   2,   4,  2, 1,  0, 3, 241,    1, 1, 0, 0},
    {"2 to 4 channels",                       0, 2,   4,   4,  2, 1,  0, 3, 120,    1, 1, 0, 0},
    {"4 to 8 channels",                       0, 4,   8,   4,  2, 1,  0, 3, 60,     1, 1, 0, 0},
    {"8 to 16 channels",                      0, 8,   16,  4,  2, 1,  0, 3, 31,     1, 1, 0, 0},
    {"1 to 1, a kernel of 1",                 0, 1,   1,   1,  1, 0,  0, 3, 241,    0, 0, 0, 0},
    {"1 to 3, strides of 5 values",           0, 1,   3,   9,  5, 4,  0, 2, 241,    0, 0, 0, 0},
    {"3 to 33, stride 2",                     0, 3,   33,  5,  2, 2,  0, 3, 97,     0, 0, 0, 0},
    {"3 to 260, many groups",                 0, 3,   260, 3,  1, 1,  0, 1, 9,      0, 0, 0, 0},
    {"8 to 8, a kernel of 8",                 0, 8,   8,   8,  1, 3,  0, 2, 50,     0, 0, 0, 0},
    {"small, stride beyond the kernel",       0, 3,   8,   2,  7, 0,  0, 2, 100,    0, 0, 0, 0},
    {"small, padding beyond the patches",     0, 2,   4,   2,  3, 5,  0, 2, 5,      0, 0, 0, 0},
    {"small, fewer samples",                  0, 2,   8,   5,  2, 2,  0, 2, 30,     0, 0, 3, 0},
    {"small, more tiles than parts",          0, 1,   1,   1,  1, 0,  0, 1, 300000, 0, 0, 0, 0},
    {"small, one row",                        0, 2,   8,   9,  2, 4,  0, 3, 1,      0, 0, 0, 0},
    {"small, transposed 3 by 5",              1, 33,  3,   3,  5, 1,  4, 2, 7,      0, 0, 0, 0},
    {"small, transposed, one row",            1, 8,   1,   9,  2, 1,  1, 3, 1,      0, 0, 0, 0},
    {"small, transposed, padding cuts",       1, 2,   1,   60, 1, 59, 0, 1, 300,    0, 0, 0, 0},
    {"small, transposed, many channels",      1, 70,  4,   8,  3, 2,  2, 2, 150,    0, 0, 0, 0},
    /* Any shape. */
    {"a kernel of 70",                        0, 2,   3,   70, 1, 35, 0, 2, 81,     0, 0, 0, 0},
    {"a kernel of 70, transposed",            1, 2,   3,   70, 1, 69, 0, 1, 250,    0, 0, 0, 0},
    {"8 channels, odd addresses",             0, 8,   8,   9,  2, 4,  0, 2, 24,     0, 0, 0, 1},
    {"33 to 24 channels",                     0, 33,  24,  7,  2, 3,  0, 2, 33,     0, 0, 0, 0},
    {"24 to 33 channels, transposed",         1, 24,  33,  3,  5, 1,  4, 3, 7,      0, 0, 0, 0},
    {"33 channels, one row",                  0, 33,  8,   9,  5, 8,  0, 2, 1,      0, 0, 0, 0},
    /* clang-format on */
};

/* Blocks that recompute c; some have more tiles than there are partial sums. */
static void recompute_c(struct both *run, const void *data)
{
    const struct convolution *c = data;
    struct block_shape s = shape_of(c);
    s.slope = 0, s.norm = s.pool_pairs = true, s.epsilon = 1e-5f, s.dropout = (struct dropout){0.2f, 9};
    const struct ops *ops = run->ops;
    size_t out = (size_t)c->out, weights = out * (size_t)c->in * (size_t)c->kernel;
    struct block *block = ops->block_new_or_die(&s, c->batch, c->length);
    struct tensor x = both_tensor(run, c->batch, c->length, c->in, X), none = {0};
    int rows = block_output_length(&s, c->length);
    struct tensor y = both_tensor(run, c->batch, rows, c->out, 0);
    struct tensor dy = both_tensor(run, c->batch, rows, c->out, DY);
    if (c->odd) x = moved(run, x), y = moved(run, y), dy = moved(run, dy);
    struct block_parameters p = {.weight = both_memory(run, weights, WEIGHT),
                                 .bias = both_memory(run, out, BIAS),
                                 .scale = both_memory(run, out, SCALE),
                                 .shift = both_memory(run, out, SHIFT)};
    struct block_parameters dp = {.weight = both_memory(run, weights, DWEIGHT),
                                  .bias = both_memory(run, out, DBIAS),
                                  .scale = both_memory(run, out, SCALE),
                                  .shift = both_memory(run, out, SHIFT)};
    struct pass pass = {.training = true, .seed = 3, .step = 5};
    ops->block_forward(block, p, y, none, x, none, pass);
    ops->block_backward(block, p, dp, none, none, dy, none, x, pass);
    both_keep(run, "y", y);
    both_keep_memory(run, "dweight", dp.weight, weights);
    both_keep_memory(run, "dbias", dp.bias, out);
    both_keep_memory(run, "dscale", dp.scale, out);
    both_keep_memory(run, "dshift", dp.shift, out);
    ops->block_free(block);
}

int main(void)
{
    static const struct convolution recomputes[] = {
        {"recompute, more tiles than parts", 0, 1, 8, 3, 1, 1, 0, 1, 140000, 0, 0, 0, 0},
        {"recompute, 128 channels", 0, 2, 128, 9, 2, 4, 0, 2, 1100, 0, 0, 0, 0},
        {"recompute, 64 channels", 0, 3, 64, 5, 1, 2, 0, 1, 700, 0, 0, 0, 0},
        {"recompute, 24 channels", 0, 2, 24, 9, 2, 4, 0, 3, 1100, 0, 0, 0, 0},
        {"recompute, odd addresses", 0, 2, 64, 9, 2, 4, 0, 3, 40, 0, 0, 0, 1},
    };
    for (size_t i = 0; i < sizeof convolutions / sizeof *convolutions; i++)
        both_check(convolutions[i].name, convolve, &convolutions[i], 2e-6, 4e-3);
    for (size_t i = 0; i < sizeof recomputes / sizeof *recomputes; i++)
        both_check(recomputes[i].name, recompute_c, &recomputes[i], 2e-5, 2e-3);
    return done();
}
