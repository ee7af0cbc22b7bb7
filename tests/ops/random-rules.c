/* The rules of random numbers, computed from the text of kernels/tensor.h and kernels/ops.h with nothing but
 * common/random.h: dropout masks bit by bit, in every operation that drops; normal numbers to rounding. */
#include "tests/ops/check.h"

/* Shapes whose masks begin and end anywhere in a block of eight. */
enum { BATCH = 3, LENGTH = 37, CHANNELS = 13, COUNT = 5003 };

static const struct pass pass = {.training = true, .seed = 0x123456789abcdef0u, .step = 77};
static const real shares[] = {0, (real)1e-6, (real)0.2, (real)0.5, (real)0.999, 1};
enum { SHARES = sizeof shares / sizeof *shares, PURPOSE = 64 };

/* kernels/tensor.h, struct dropout */
static real factor(size_t i, struct dropout dropout)
{
    struct random_key key = random_key_make(pass.seed, dropout.purpose, pass.step);
    long threshold = lround(65536 * (double)dropout.share);
    uint32_t words[4];
    if (dropout.share <= 0) return 1;
    random_block(key, (uint32_t)(i / 8), words);
    uint32_t word = words[i % 8 / 2], draw = i % 2 ? word >> 16 : word & 0xffff;
    return (long)draw >= threshold ? 1 / (1 - dropout.share) : 0;
}

/* True where value i of x is factor(i) times `scale`: exactly, or (tolerance > 0) nearly, and 0 where it is
 * 0. */
static bool factors(const struct ops *ops, struct tensor x, struct dropout dropout, double scale,
                    double tolerance)
{
    bool good = true;
    real *values = check_values(ops, x.data, tensor_count(x));
    for (size_t i = 0; i < tensor_count(x); i++) {
        double want = (double)factor(i, dropout) * scale;
        good = good && fabs((double)values[i] - want) <= tolerance * want;
    }
    free(values);
    return good;
}

static struct tensor filled(const struct ops *ops, int batch, int length, int channels, real value)
{
    struct tensor x = check_tensor(ops, batch, length, channels, 0);
    real *values = allocate_or_die(tensor_count(x), sizeof *values);
    for (size_t i = 0; i < tensor_count(x); i++) values[i] = value;
    ops->upload(x.data, values, tensor_count(x));
    free(values);
    return x;
}

static void test_dropout(const struct ops *ops, struct dropout dropout)
{
    struct tensor x = filled(ops, BATCH, LENGTH, CHANNELS, 1);
    ops->dropout(x, dropout, pass);
    ok(factors(ops, x, dropout, 1, 0), "dropout %g: the mask of the rule", (double)dropout.share);
    ops->release(x.data);
}

/* A block that does nothing but dropout: a kernel of 1 that is the identity. */
static void test_block(const struct ops *ops, struct dropout dropout)
{
    struct block_shape shape = {
        .in = CHANNELS, .out = CHANNELS, .kernel = 1, .stride = 1, .slope = 1, .dropout = dropout};
    real identity[CHANNELS * CHANNELS] = {0};
    for (int c = 0; c < CHANNELS; c++) identity[c * CHANNELS + c] = 1;
    struct tensor x = filled(ops, BATCH, LENGTH, CHANNELS, 1), none = {0};
    struct tensor y = check_tensor(ops, BATCH, LENGTH, CHANNELS, 1),
                  dx = check_tensor(ops, BATCH, LENGTH, CHANNELS, 1);
    struct block_parameters p = {.weight = check_memory(ops, CHANNELS * CHANNELS, 0),
                                 .bias = check_memory(ops, CHANNELS, 0)};
    ops->upload(p.weight, identity, CHANNELS * CHANNELS);
    struct block *block = ops->block_new_or_die(&shape, BATCH, LENGTH);
    ops->block_forward(block, p, y, none, x, none, pass);
    ops->block_backward(block, p, (struct block_parameters){0}, dx, none, x, none, x, pass);
    ok(factors(ops, y, dropout, 1, 0) && factors(ops, dx, dropout, 1, 0),
       "block, dropout %g: the mask of the rule, forward and backward", (double)dropout.share);
    ops->block_free(block);
    device all[] = {x.data, y.data, dx.data, p.weight, p.bias};
    for (int i = 0; i < 5; i++) ops->release(all[i]);
}

/* x = 0, f = 1: the sum, which f becomes, is the factor. */
static void test_add_norm(const struct ops *ops, struct dropout dropout)
{
    struct tensor x = filled(ops, BATCH, LENGTH, CHANNELS, 0), f = filled(ops, BATCH, LENGTH, CHANNELS, 1);
    struct tensor y = check_tensor(ops, BATCH, LENGTH, CHANNELS, 0);
    device scale = check_memory(ops, CHANNELS, 1), shift = check_memory(ops, CHANNELS, 2);
    struct add_norm *norm = ops->add_norm_new_or_die(BATCH, LENGTH, dropout);
    ops->add_norm_forward(norm, y, x, f, scale, shift, pass);
    ok(factors(ops, f, dropout, 1, 0), "add_norm, dropout %g: the mask of the rule", (double)dropout.share);
    ops->add_norm_free(norm);
    device all[] = {x.data, f.data, y.data, scale, shift};
    for (int i = 0; i < 5; i++) ops->release(all[i]);
}

/* Queries and keys of 0 have equal probabilities; the values are unit vectors, one a key: column k of y is
 * the probability of key k. Of y (batch, length, heads * length) the heads are then put before the queries.
 */
static void test_attention(const struct ops *ops, struct dropout dropout)
{
    enum { KEYS = 21, HEADS = 2, WIDTH = HEADS * KEYS };
    struct tensor qkv = check_tensor(ops, BATCH, KEYS, 3 * WIDTH, 0),
                  y = check_tensor(ops, BATCH, KEYS, WIDTH, 0);
    struct tensor p = check_tensor(ops, BATCH * HEADS, KEYS, KEYS, 0);
    real *values = check_values(ops, qkv.data, tensor_count(qkv));
    for (int b = 0; b < BATCH; b++)
        for (int k = 0; k < KEYS; k++)
            for (int h = 0; h < HEADS; h++) values[(b * KEYS + k) * 3 * WIDTH + 2 * WIDTH + h * KEYS + k] = 1;
    ops->upload(qkv.data, values, tensor_count(qkv));
    struct attention *attention = ops->attention_new_or_die(BATCH, KEYS, WIDTH, HEADS, dropout);
    ops->attention_forward(attention, y, qkv, pass);
    real *got = check_values(ops, y.data, tensor_count(y));
    for (int b = 0; b < BATCH; b++)
        for (int q = 0; q < KEYS; q++)
            for (int c = 0; c < WIDTH; c++)
                values[((b * HEADS + c / KEYS) * KEYS + q) * KEYS + c % KEYS] =
                    got[(b * KEYS + q) * WIDTH + c];
    ops->upload(p.data, values, tensor_count(p));
    ok(factors(ops, p, dropout, 1.0 / KEYS, 1e-6), "attention, dropout %g: the mask of the rule",
       (double)dropout.share);
    ops->attention_free(attention);
    free(values), free(got);
    ops->release(qkv.data), ops->release(y.data), ops->release(p.data);
}

/* kernels/ops.h, normal. `radius`: what errors of z are measured by. */
static double normal(size_t i, struct random_key key, double *radius)
{
    uint32_t w[4];
    random_block(key, (uint32_t)(i / 4), w);
    size_t p = i % 4 / 2;
    float angle = 6.28318530718f * random_uniform(w[2 * p + 1]);
    *radius = sqrt(-2 * log((double)random_uniform(w[2 * p])));
    return *radius * (i % 2 ? sin((double)angle) : cos((double)angle));
}

/* The largest error of y - x = std * z, in units of the last place of float at z's radius. */
static double normal_error(const real *y, const real *x, real std, struct random_key key)
{
    double most = 0, radius;
    for (size_t i = 0; i < COUNT; i++) {
        double want = (double)std * normal(i, key, &radius) + (x ? (double)x[i] : 0);
        double unit = 0x1p-23 * ((double)std * radius + (x ? fabs((double)x[i]) : 0)) + 1e-30;
        double error = fabs((double)y[i] - want) / unit;
        most = error > most || isnan(error) ? error : most;
    }
    return most;
}

static void test_normal(const struct ops *ops)
{
    struct random_key key = random_key_make(0xfedcba9876543210u, 12, 0x80000001u);
    device x = check_memory(ops, COUNT, 1), y = check_memory(ops, COUNT + 1, 0);
    device odd = ops->at(y, 1); /* numbers are counted from the address given */
    real *before = check_values(ops, x, COUNT);
    ops->normal(odd, COUNT, (real)1.5, key);
    real *got = check_values(ops, odd, COUNT);
    double error = normal_error(got, NULL, (real)1.5, key);
    ok(error < 4, "normal: the numbers of the rule, to %.1f units in the last place", error);
    ops->add_normal(x, x, COUNT, (real)0.25, key);
    real *sum = check_values(ops, x, COUNT);
    error = normal_error(sum, before, (real)0.25, key);
    ok(error < 4, "add_normal: the same in place, to %.1f units in the last place", error);
    free(before), free(got), free(sum);
    ops->release(x), ops->release(y);
}

int main(void)
{
    const struct ops *ops = ops_under_test();
    for (uint32_t i = 0; i < SHARES; i++) {
        struct dropout dropout = {shares[i], PURPOSE + i};
        test_dropout(ops, dropout);
        test_block(ops, dropout);
        test_add_norm(ops, dropout);
        test_attention(ops, dropout);
    }
    test_normal(ops);
    return done();
}
