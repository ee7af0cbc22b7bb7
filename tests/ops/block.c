/* Convolution blocks: forward against loops that follow the definition, backward against differences, and the
 * same bytes from 1, 2 and 3 threads. */
#include "tests/ops/check.h"
#include <omp.h>

struct example {
    const char *name;
    struct block_shape shape;
    int batch, length, skip; /* skip: length, 0 for none */
    bool bare, evaluation;
};

#define NORM .norm = true, .epsilon = (real)1e-5, .momentum = (real)0.1
#define DROP .dropout = {(real)0.2, 9}

static const struct example examples[] = {
    {"first convolution, pool",
     {.in = 2, .out = 8, .kernel = 9, .stride = 2, .padding = 4, NORM, DROP, .pool_pairs = true},
     2,                                                                                                      96,
     0,                                                                                                              false,
     false                                                                                                                       },
    {"pool without norm, bare",
     {.in = 3, .out = 2, .kernel = 4, .stride = 1, .padding = 2, .slope = 1, .pool_pairs = true},
     2,                                                                                                      7,
     0,                                                                                                              true,
     false                                                                                                                       },
    {"convolution, skip",
     {.in = 3, .out = 5, .kernel = 7, .stride = 2, .padding = 3, NORM, DROP},
     3,                                                                                                      7,
     11,                                                                                                             true,
     false                                                                                                                       },
    {"one row",
     {.in = 1, .out = 3, .kernel = 9, .stride = 2, .padding = 4, .slope = 1, NORM},
     4,                                                                                                      1,
     1,                                                                                                              false,
     false                                                                                                                       },
    {"padding beyond the windows",
     {.in = 2, .out = 3, .kernel = 2, .stride = 3, .padding = 5, .slope = (real)0.25, NORM},
     2,                                                                                                      5,
     0,                                                                                                              true,
     false                                                                                                                       },
    {"many tiles",
     {.in = 5, .out = 3, .kernel = 5, .stride = 1, .padding = 2, .slope = (real)0.25, NORM, DROP},
     2,                                                                                                      241,
     100,                                                                                                            true,
     false                                                                                                                       },
    {"stride beyond the kernel",
     {.in = 3, .out = 4, .kernel = 2, .stride = 5, .slope = (real)0.25, NORM, DROP},
     1,                                                                                                      241,
     700,                                                                                                            false,
     false                                                                                                                       },
    {"discriminator",
     {.in = 2, .out = 4, .kernel = 4, .stride = 2, .padding = 1, .slope = (real)0.25},
     2,                                                                                                      331,
     165,                                                                                                            true,
     false                                                                                                                       },
    {"one by one",                     {.in = 3, .out = 5, .kernel = 1, .stride = 1, .slope = 1},         2, 50,  0, false, false},
    {"wide, many tiles",
     {.in = 17, .out = 16, .kernel = 7, .stride = 2, .padding = 3, NORM, DROP},
     1,                                                                                                      500,
     0,                                                                                                              false,
     false                                                                                                                       },
    {"transposed 7 by 2",
     {.transposed = true,
      .in = 5,
      .out = 16,
      .kernel = 7,
      .stride = 2,
      .padding = 3,
      .output_padding = 1,
      NORM,
      DROP},
     2,                                                                                                      150,
     150,                                                                                                            true,
     false                                                                                                                       },
    {"transposed 2 by 2",
     {.transposed = true, .in = 3, .out = 32, .kernel = 2, .stride = 2, .slope = (real)0.25, NORM, DROP},
     2,                                                                                                      9,
     18,                                                                                                             true,
     false                                                                                                                       },
    {"transposed 3 by 5",
     {.transposed = true,
      .in = 4,
      .out = 22,
      .kernel = 3,
      .stride = 5,
      .padding = 1,
      .output_padding = 4,
      NORM,
      DROP},
     2,                                                                                                      7,
     3,                                                                                                              false,
     false                                                                                                                       },
    {"transposed to 2 channels",
     {.transposed = true,
      .in = 6,
      .out = 2,
      .kernel = 9,
      .stride = 2,
      .padding = 4,
      .output_padding = 1,
      .slope = 1},
     2,                                                                                                      141,
     0,                                                                                                              false,
     false                                                                                                                       },
    {"transposed one row, pool",
     {.transposed = true,
      .in = 2,
      .out = 3,
      .kernel = 9,
      .stride = 2,
      .padding = 1,
      .output_padding = 1,
      NORM,
      .pool_pairs = true},
     3,                                                                                                      1,
     0,                                                                                                              true,
     false                                                                                                                       },
    {"transposed, padding cuts tiles",
     {.transposed = true, .in = 2, .out = 3, .kernel = 70, .stride = 1, .padding = 69},
     1,                                                                                                      150,
     0,                                                                                                              false,
     false                                                                                                                       },
    {"evaluation",
     {.in = 3, .out = 5, .kernel = 7, .stride = 2, .padding = 3, NORM, DROP},
     3,                                                                                                      41,
     11,                                                                                                             true,
     true                                                                                                                        },
};

enum { X = 1, SKIP, WEIGHT, BIAS, SCALE, SHIFT, MEAN, VARIANCE, DY, DBARE };

/* An example's tensors; members that begin with d are gradients. */
struct run {
    const struct ops *ops;
    const struct example *example;
    struct block *block;
    struct tensor x, skip, y, bare, dx, dskip, dy, dbare;
    struct block_parameters p, dp;
    struct pass pass;
    size_t weights;
    int out;
};

static void make_parameters(struct run *run)
{
    const struct ops *ops = run->ops;
    const struct block_shape *s = &run->example->shape;
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

static struct run run_make(const struct example *e)
{
    const struct ops *ops = ops_cpu();
    const struct block_shape *s = &e->shape;
    struct run run = {.ops = ops, .example = e, .out = s->out};
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

static void run_free(struct run *run)
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

static void forward(const struct run *run)
{
    run->ops->block_forward(run->block, run->p, run->y, run->bare, run->x, run->skip, run->pass);
}

static void backward(const struct run *run)
{
    run->ops->block_backward(run->block, run->p, run->dp, run->dx, run->dskip, run->dy, run->dbare, run->x,
                             run->pass);
}

static double loss(void *context)
{
    const struct run *run = context;
    forward(run);
    return check_dot(run->ops, run->y, run->dy) +
           (run->bare.data ? check_dot(run->ops, run->bare, run->dbare) : 0);
}

/* Scatters over the definition: every input row, tap and pair of channels. */
static void plain_convolution(double *h, const struct run *run)
{
    const struct block_shape *s = &run->example->shape;
    int length = run->x.length, rows = block_convolved_length(s, length);
    real *x = check_values(run->ops, run->x.data, tensor_count(run->x));
    real *w = check_values(run->ops, run->p.weight, run->weights),
         *bias = check_values(run->ops, run->p.bias, s->out);
    for (int i = 0; i < run->x.batch * rows * s->out; i++) h[i] = (double)bias[i % s->out];
    for (int b = 0; b < run->x.batch; b++)
        for (int i = 0; i < length; i++)
            for (int o = 0; o < rows; o++) {
                int k = s->transposed ? o + s->padding - i * s->stride : i + s->padding - o * s->stride;
                if (k < 0 || k >= s->kernel) continue;
                for (int in = 0; in < s->in; in++)
                    for (int out = 0; out < s->out; out++) {
                        int at = s->transposed ? (in * s->kernel + k) * s->out + out
                                               : (out * s->kernel + k) * s->in + in;
                        h[(b * rows + o) * s->out + out] +=
                            (double)w[at] * (double)x[(b * length + i) * s->in + in];
                    }
            }
    free(x), free(w), free(bias);
}

/* Activation, normalisation and dropout of one channel in place; its statistics. */
static void plain_channel(double *h, int count, int c, const struct run *run, double *mean, double *variance)
{
    const struct block_shape *s = &run->example->shape;
    int n = s->out;
    double sum = 0, squares = 0, scale = 1, shift = 0;
    for (int i = c; i < count; i += n) sum += h[i] = h[i] > 0 ? h[i] : (double)s->slope * h[i];
    *mean = sum / (count / n);
    for (int i = c; i < count; i += n) squares += (h[i] - *mean) * (h[i] - *mean);
    *variance = squares / (count / n);
    if (s->norm) {
        real value[4];
        device from[] = {run->p.scale, run->p.shift, run->p.running_mean, run->p.running_variance};
        for (int i = 0; i < 4; i++) run->ops->download(&value[i], run->ops->at(from[i], (size_t)c), 1);
        double m = run->pass.training ? *mean : (double)value[2],
               v = run->pass.training ? *variance : (double)value[3];
        scale = (double)value[0] / sqrt(v + (double)s->epsilon), shift = (double)value[1] - m * scale;
    }
    for (int i = c; i < count; i += n) {
        uint32_t words[4], threshold = (uint32_t)lround(65536 * (double)s->dropout.share);
        random_block(random_key_make(run->pass.seed, s->dropout.purpose, run->pass.step), (uint32_t)i / 8,
                     words);
        bool dropped = run->pass.training && (words[i % 8 / 2] >> 16 * (i & 1) & 0xffff) < threshold;
        h[i] = dropped ? 0 : (h[i] * scale + shift) / (run->pass.training ? 1 - (double)s->dropout.share : 1);
    }
}

static void plain_skip(double *y, const struct run *run)
{
    real *skip = check_values(run->ops, run->skip.data, tensor_count(run->skip));
    int n = run->out, from = run->skip.length, to = run->y.length;
    for (int i = 0; i < run->y.batch * to; i++) {
        double place = fmax(0, (i % to + 0.5) * from / to - 0.5);
        int low = (int)place, high = low + 1 < from ? low + 1 : low, sample = i / to * from;
        for (int c = 0; c < n; c++)
            y[i * n + c] += (1 - (place - low)) * (double)skip[(sample + low) * n + c] +
                            (place - low) * (double)skip[(sample + high) * n + c];
    }
    free(skip);
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
    const struct block_shape *s = &run->example->shape;
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
        {"x",      run->x.data,    run->dx.data,    tensor_count(run->x)   },
        {"skip",   run->skip.data, run->dskip.data, tensor_count(run->skip)},
        {"weight", run->p.weight,  run->dp.weight,  run->weights           },
        {"bias",   run->p.bias,    run->dp.bias,    (size_t)run->out       },
        {"scale",  run->p.scale,   run->dp.scale,   (size_t)run->out       },
        {"shift",  run->p.shift,   run->dp.shift,   (size_t)run->out       }
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
    size_t n = (size_t)run.out, norm = e->shape.norm ? n : 0;
    struct {
        device memory;
        size_t count;
    } all[] = {
        {run.y.data,             tensor_count(run.y)    },
        {run.dx.data,            tensor_count(run.dx)   },
        {run.dp.weight,          run.weights            },
        {run.dp.bias,            n                      },
        {run.dp.scale,           norm                   },
        {run.dp.shift,           norm                   },
        {run.p.running_mean,     norm                   },
        {run.p.running_variance, norm                   },
        {run.dskip.data,         tensor_count(run.dskip)}
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
    size_t before = ops_cpu()->allocated();
    for (size_t i = 0; i < sizeof examples / sizeof *examples; i++) {
        struct run run = run_make(&examples[i]);
        test_forward(&run);
        test_backward(&run);
        run_free(&run);
        test_threads(&examples[i]);
    }
    test_parts(&examples[5]);
    ok(ops_cpu()->allocated() == before, "all memory is given back");
    return done();
}
