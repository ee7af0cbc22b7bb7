/* Times of the blocks and the like at the sizes of musigan.yaml: milliseconds of a forward and a backward
 * pass and what that is in GFLOP/s. Argument: the batch [4]. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "kernels/ops.h"

enum { REPEATS = 7 };

static const char *only; /* block, or NULL */

static double seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static device noise(const struct ops *ops, size_t count, real std, uint32_t purpose)
{
    device x = ops->allocate_or_die(count);
    ops->normal(x, count, std, random_key_make(1, purpose, 0));
    return x;
}

static struct tensor tensor(const struct ops *ops, int batch, int length, int channels)
{
    struct tensor x = tensor_make(NULL, batch, length, channels);
    x.data = noise(ops, tensor_count(x), 1, (uint32_t)channels);
    return x;
}

static double flops(const struct block_shape *s, int batch, int length)
{
    int rows = s->transposed ? length : block_convolved_length(s, length);
    return 2.0 * batch * rows * s->in * s->out * s->kernel;
}

static void time_block(const struct ops *ops, const char *name, struct block_shape s, int batch, int length,
                       bool skip, bool by_x)
{
    if (only && strcmp(only, name) != 0) return;
    size_t weights = (size_t)s.in * s.out * s.kernel, out = (size_t)s.out;
    int rows = block_output_length(&s, length);
    struct block *block = ops->block_new_or_die(&s, batch, length);
    struct tensor x = tensor(ops, batch, length, s.in), dx = tensor(ops, batch, length, s.in), none = {0};
    struct tensor y = tensor(ops, batch, rows, s.out), dy = tensor(ops, batch, rows, s.out);
    struct tensor from = skip ? tensor(ops, batch, rows / 2, s.out) : none;
    struct block_parameters p = {noise(ops, weights, (real)0.05, 1),
                                 noise(ops, out, 1, 2),
                                 noise(ops, out, 1, 3),
                                 noise(ops, out, 1, 4),
                                 noise(ops, out, 1, 5),
                                 noise(ops, out, 1, 6)};
    struct block_parameters dp = {noise(ops, weights, 1, 1),
                                  noise(ops, out, 1, 1),
                                  noise(ops, out, 1, 1),
                                  noise(ops, out, 1, 1),
                                  NULL,
                                  NULL};
    struct pass pass = {.training = true, .update_statistics = true, .seed = 1};
    double forward = 1e9, backward = 1e9, work = flops(&s, batch, length) * 1e-9;
    for (int i = 0; i < REPEATS; i++) {
        double start = seconds();
        ops->block_forward(block, p, y, none, x, from, pass);
        double middle = seconds();
        ops->block_backward(block, p, dp, by_x ? dx : none, from, dy, none, x, pass);
        double end = seconds();
        forward = middle - start < forward ? middle - start : forward;
        backward = end - middle < backward ? end - middle : backward;
    }
    printf("%-28s forward %8.2f ms %6.1f GFLOP/s   backward %8.2f ms %6.1f GFLOP/s\n", name, forward * 1e3,
           work / forward, backward * 1e3, work * (by_x ? 2 : 1) / backward);
    device all[] = {x.data,  dx.data,  y.data,  dy.data,        from.data,          p.weight,
                    p.bias,  p.scale,  p.shift, p.running_mean, p.running_variance, dp.weight,
                    dp.bias, dp.scale, dp.shift};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) ops->release(all[i]);
    ops->block_free(block);
}

static void time_linear(const struct ops *ops, int batch, int length, int in, int out)
{
    size_t weights = (size_t)in * out;
    struct tensor x = tensor(ops, batch, length, in), dx = tensor(ops, batch, length, in);
    struct tensor y = tensor(ops, batch, length, out), dy = tensor(ops, batch, length, out);
    device w = noise(ops, weights, 1, 1), dw = noise(ops, weights, 1, 1), b = noise(ops, (size_t)out, 1, 1);
    device db = noise(ops, (size_t)out, 1, 1);
    double forward = 1e9, backward = 1e9, work = 2e-9 * batch * length * in * out;
    for (int i = 0; i < REPEATS; i++) {
        double start = seconds();
        ops->linear(y, x, w, b, true);
        double middle = seconds();
        ops->linear_backward(dx, dw, db, dy, y, x, w, true, false);
        double end = seconds();
        forward = middle - start < forward ? middle - start : forward;
        backward = end - middle < backward ? end - middle : backward;
    }
    printf("linear %6d to %6d        forward %8.2f ms %6.1f GFLOP/s   backward %8.2f ms %6.1f GFLOP/s\n", in,
           out, forward * 1e3, work / forward, backward * 1e3, 2 * work / backward);
    device all[] = {x.data, dx.data, y.data, dy.data, w, dw, b, db};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) ops->release(all[i]);
}

#define GENERATOR     .norm = true, .epsilon = (real)1e-11, .momentum = (real)0.1, .dropout = {(real)0.2, 1}
#define DISCRIMINATOR .kernel = 4, .stride = 2, .padding = 1, .norm = true, .momentum = (real)0.1

static void time_generator(const struct ops *ops, int batch)
{
    time_block(
        ops, "conv1",
        (struct block_shape){
            .in = 2, .out = 128, .kernel = 9, .stride = 2, .padding = 4, GENERATOR, .pool_pairs = true},
        batch, 48000, false, false);
    time_block(ops, "conv2",
               (struct block_shape){.in = 128, .out = 128, .kernel = 7, .stride = 2, .padding = 3, GENERATOR},
               batch, 12000, false, true);
    time_block(ops, "up1",
               (struct block_shape){.transposed = true,
                                    .in = 128,
                                    .out = 128,
                                    .kernel = 7,
                                    .stride = 2,
                                    .padding = 3,
                                    .output_padding = 1,
                                    GENERATOR},
               batch, 500, true, true);
    time_block(
        ops, "up2",
        (struct block_shape){.transposed = true, .in = 128, .out = 128, .kernel = 2, .stride = 2, GENERATOR},
        batch, 1000, true, true);
    time_block(ops, "up3",
               (struct block_shape){.transposed = true,
                                    .in = 128,
                                    .out = 128,
                                    .kernel = 3,
                                    .stride = 5,
                                    .padding = 1,
                                    .output_padding = 4,
                                    GENERATOR},
               batch, 2000, true, true);
    time_block(ops, "up4",
               (struct block_shape){.transposed = true,
                                    .in = 128,
                                    .out = 2,
                                    .kernel = 9,
                                    .stride = 2,
                                    .padding = 4,
                                    .output_padding = 1,
                                    .slope = 1},
               batch, 10000, false, true);
}

static void time_discriminator(const struct ops *ops, int batch)
{
    for (int channels = 2, length = 16500; channels < 256; channels *= 2, length /= 2) {
        char name[32];
        snprintf(name, sizeof name, "discriminator %d to %d", channels, 2 * channels);
        time_block(ops, name, (struct block_shape){.in = channels, .out = 2 * channels, DISCRIMINATOR}, batch,
                   length, false, true);
    }
}

static void time_rest(const struct ops *ops, int batch)
{
    size_t count = 6000000;
    device all[] = {noise(ops, count, 1, 1), noise(ops, count, 1, 2), ops->allocate_or_die(count),
                    ops->allocate_or_die(count)};
    struct adamw settings = {(real)1e-4, (real)0.5, (real)0.999, (real)1e-8, (real)0.01, 1};
    double best = 1e9, start;
    for (int i = 0; i < REPEATS; i++) {
        start = seconds();
        ops->adamw(all[0], all[1], all[2], all[3], count, settings);
        best = seconds() - start < best ? seconds() - start : best;
    }
    printf("adamw, 6 M parameters        %8.2f ms\n", best * 1e3);
    start = seconds();
    ops->normal(all[0], (size_t)batch * 500 * 512, 1, random_key_make(1, 2, 3));
    printf("normal, the latents' noise   %8.2f ms\n", 1e3 * (seconds() - start));
    for (int i = 0; i < 4; i++) ops->release(all[i]);
}

int main(int argc, char **argv)
{
    const struct ops *ops = ops_cpu();
    int batch = argc > 1 ? atoi(argv[1]) : 4;
    only = argc > 2 ? argv[2] : NULL;
    time_generator(ops, batch);
    time_discriminator(ops, batch);
    if (only) return 0;
    time_linear(ops, batch, 500, 128, 512);
    time_linear(ops, batch, 500, 512, 512);
    time_linear(ops, batch, 500, 512, 1536);
    time_linear(ops, batch, 500, 1024, 512);
    time_linear(ops, batch, 1, 256000, 24);
    time_linear(ops, batch, 8250, 2, 4);
    time_rest(ops, batch);
    return 0;
}
