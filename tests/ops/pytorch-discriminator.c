/* The discriminator's own operations, cross entropy and feature matching against PyTorch. */
#include "tests/reference/numbers.h"

static void check_minibatch(struct numbers *n)
{
    struct tensor m = numbers_tensor(n, "m"), d_o = numbers_tensor(n, "d_o");
    struct tensor o = numbers_room(n, "o"), dm = numbers_room(n, "dm");
    n->ops->minibatch(o, m);
    n->ops->minibatch_backward(dm, d_o, m, o);
    numbers_check(n, "o", o.data);
    numbers_check(n, "dm", dm.data);
}

static void check_spectral(struct numbers *n)
{
    const struct record *matrix = numbers_find(n, "weight");
    int rows = (int)matrix->shape[0], columns = (int)matrix->shape[1],
        iterations = numbers_integer(n, "iterations");
    device weight = numbers_values(n, "weight"), normal = numbers_filled(n, matrix->count, NAN);
    device u = numbers_values(n, "u"), v = numbers_values(n, "v"), sigma = numbers_filled(n, 1, NAN);
    device dweight = numbers_gradient(n, "dweight");
    if (!iterations) n->ops->spectral(normal, sigma, u, v, weight, rows, columns, false);
    for (int i = 0; i < iterations; i++) n->ops->spectral(normal, sigma, u, v, weight, rows, columns, true);
    n->ops->spectral_backward(dweight, numbers_values(n, "dnormal"), normal, sigma, u, v, rows, columns);
    numbers_check(n, "moved_u", u);
    numbers_check(n, "moved_v", v);
    numbers_check(n, "sigma", sigma);
    numbers_check(n, "normal", normal);
    numbers_check_added(n, "dweight", dweight);
}

static void check_bce(struct numbers *n)
{
    struct tensor dlogit = numbers_room(n, "dlogit");
    device value = numbers_gradient(n, "value");
    n->ops->bce(value, dlogit, numbers_tensor(n, "logit"), (real)numbers_setting(n, "label"),
                (real)numbers_setting(n, "weight"));
    numbers_check_added(n, "value", value);
    numbers_check(n, "dlogit", dlogit.data);
}

static void check_feature_match(struct numbers *n)
{
    struct tensor mean = numbers_room(n, "real_mean"), dx = numbers_gradient_tensor(n, "dx");
    device value = numbers_gradient(n, "value");
    n->ops->batch_mean(mean, numbers_tensor(n, "r"));
    n->ops->feature_match(value, dx, numbers_tensor(n, "x"), mean, (real)numbers_setting(n, "weight"));
    numbers_check(n, "real_mean", mean.data);
    numbers_check_added(n, "value", value);
    numbers_check_added(n, "dx", dx.data);
}

int main(void)
{
    static const struct {
        const char *group;
        void (*check)(struct numbers *n);
    } tests[] = {
        {"minibatch", check_minibatch},
        {"spectral", check_spectral},
        {"bce", check_bce},
        {"feature-match", check_feature_match},
    };
    for (size_t i = 0; i < sizeof tests / sizeof tests[0]; i++) {
        struct numbers n = numbers_open_or_die(ops_under_test(), tests[i].group);
        while (numbers_next_case(&n)) tests[i].check(&n);
        numbers_close(&n);
    }
    return done();
}
