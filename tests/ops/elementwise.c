/* Element-wise operations and their random numbers. */
#include <omp.h>

#include "tests/ops/check.h"

enum { COUNT = 100003 };

static void test_moves(const struct ops *ops)
{
    device a = check_memory(ops, COUNT, 1), b = check_memory(ops, COUNT, 2);
    struct tensor all = tensor_make(a, 1, 1, COUNT), tail = tensor_make(ops->at(a, 1), 1, 1, COUNT - 1);
    struct tensor other = tensor_make(b, 1, 1, COUNT), head = tensor_make(b, 1, 1, COUNT - 1);
    real *x = check_values(ops, a, COUNT), *y = check_values(ops, b, COUNT);
    ops->add(all, other);
    real *sum = check_values(ops, a, COUNT);
    bool good = true;
    for (int i = 0; i < COUNT; i++) good = good && sum[i] == x[i] + y[i];
    ok(good, "add");
    ops->copy(tail, head);
    real *copied = check_values(ops, a, COUNT);
    ok(copied[0] == sum[0] && memcmp(copied + 1, y, (COUNT - 1) * sizeof *y) == 0, "copy");
    ops->zero(a, COUNT - 1);
    real *zeros = check_values(ops, a, COUNT);
    good = zeros[COUNT - 1] == copied[COUNT - 1];
    for (int i = 0; i < COUNT - 1; i++) good = good && zeros[i] == 0;
    ok(good, "zero");
    free(x), free(y), free(sum), free(copied), free(zeros);
    ops->release(a), ops->release(b);
}

static void test_normal(const struct ops *ops)
{
    struct random_key key = random_key_make(11, 12, 13);
    device x = check_memory(ops, COUNT, 0), y = check_memory(ops, COUNT, 1);
    real *want = allocate_or_die(COUNT, sizeof *want), *before = check_values(ops, y, COUNT);
    double mean = 0, square = 0, fourth = 0;
    for (int i = 0; i < COUNT; i++) {
        float block[4];
        random_normal_block(key, (uint32_t)i / 4, block);
        want[i] = 3 * (real)block[i % 4];
    }
    ops->normal(x, COUNT, 3, key);
    real *got = check_values(ops, x, COUNT);
    for (int i = 0; i < COUNT; i++) {
        double v = (double)got[i] / 3;
        mean += v / COUNT, square += v * v / COUNT, fourth += v * v * v * v / COUNT;
    }
    double error = check_relative_error(got, want, COUNT);
    ok(error < 1e-6, "normal: the numbers of random_normal_block: %.1e", error);
    ok(fabs(mean) < 0.02 && fabs(square - 1) < 0.02 && fabs(fourth - 3) < 0.2,
       "normal: moments %.3f %.3f %.3f", mean, square, fourth);
    ops->add_normal(y, y, COUNT, 3, key);
    real *sum = check_values(ops, y, COUNT);
    for (int i = 0; i < COUNT; i++) want[i] = before[i] + got[i];
    ok(check_relative_error(sum, want, COUNT) < 1e-6, "add_normal");
    free(want), free(before), free(got), free(sum);
    ops->release(x), ops->release(y);
}

static void test_dropout(const struct ops *ops)
{
    struct tensor x = check_tensor(ops, 3, 1111, 30, 1);
    struct dropout dropout = {(real)0.3, 4};
    struct pass pass = {.training = true, .seed = 5, .step = 6};
    int count = (int)tensor_count(x), dropped = 0;
    real *before = check_values(ops, x.data, (size_t)count);
    bool good = true;
    ops->dropout(x, dropout, pass);
    real *after = check_values(ops, x.data, (size_t)count);
    for (int i = 0; i < count; i++) {
        uint32_t words[4];
        random_block(random_key_make(5, 4, 6), (uint32_t)i / 8, words);
        bool drop =
            (words[i % 8 / 2] >> 16 * (i & 1) & 0xffff) < (uint32_t)lround(65536 * (double)dropout.share);
        good = good && fabs((double)(after[i] - (drop ? 0 : before[i] / (1 - dropout.share)))) < 1e-6;
        dropped += drop;
    }
    ok(good, "dropout: 16 bits an element, kept ones made up for");
    ok(abs(dropped - 3 * count / 10) < count / 100, "dropout: %d of %d dropped", dropped, count);
    pass.training = false;
    ops->dropout(x, dropout, pass);
    real *same = check_values(ops, x.data, (size_t)count);
    ok(memcmp(same, after, (size_t)count * sizeof *same) == 0, "no dropout in evaluation");
    free(before), free(after), free(same);
    ops->release(x.data);
}

static void test_concat(const struct ops *ops)
{
    struct tensor a = check_tensor(ops, 2, 7, 3, 1), b = check_tensor(ops, 2, 7, 5, 2),
                  y = check_tensor(ops, 2, 7, 8, 0);
    struct tensor a2 = check_tensor(ops, 2, 7, 3, 0), b2 = check_tensor(ops, 2, 7, 5, 0);
    ops->concat(y, a, b);
    real *x[] = {check_values(ops, a.data, tensor_count(a)), check_values(ops, b.data, tensor_count(b)),
                 check_values(ops, y.data, tensor_count(y))};
    bool good = true;
    for (int i = 0; i < 14; i++)
        for (int c = 0; c < 8; c++)
            good = good && x[2][8 * i + c] == (c < 3 ? x[0][3 * i + c] : x[1][5 * i + c - 3]);
    ok(good, "concat: the channels of one, then of the other");
    ops->split(a2, b2, y);
    ok(check_same(ops, a.data, a2.data, tensor_count(a)) && check_same(ops, b.data, b2.data, tensor_count(b)),
       "split: what was concatenated");
    device all[] = {a.data, b.data, y.data, a2.data, b2.data};
    for (int i = 0; i < 5; i++) ops->release(all[i]);
    for (int i = 0; i < 3; i++) free(x[i]);
}

static void test_threads(const struct ops *ops)
{
    struct tensor x[3];
    for (int t = 0; t < 3; t++) {
        omp_set_num_threads(t + 1);
        x[t] = check_tensor(ops, 1, COUNT, 1, 0);
        ops->normal(x[t].data, COUNT, 1, random_key_make(1, 2, 3));
        ops->dropout(x[t], (struct dropout){(real)0.5, 4}, (struct pass){.training = true});
    }
    for (int t = 1; t < 3; t++)
        ok(check_same(ops, x[0].data, x[t].data, COUNT), "the same bytes from %d threads", t + 1);
    for (int t = 0; t < 3; t++) ops->release(x[t].data);
}

int main(void)
{
    const struct ops *ops = ops_under_test();
    test_moves(ops);
    test_normal(ops);
    test_dropout(ops);
    test_concat(ops);
    test_threads(ops);
    return done();
}
