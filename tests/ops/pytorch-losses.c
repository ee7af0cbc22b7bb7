/* The losses on keys against PyTorch: each alone, its value and gradient, and all together. */
#include "tests/reference/numbers.h"

static struct keys_shape keys_of(const struct numbers *n)
{
    return (struct keys_shape){.keys = numbers_integer(n, "keys"), .frames = numbers_integer(n, "frames")};
}

/* Loss i moved its cell by its value, and no other cell moved (or every cell, when all are asked for). */
static void check_values(const struct numbers *n, const char *name, device values, size_t losses, size_t only)
{
    real got[GENERATOR_LOSSES];
    n->ops->download(got, values, losses);
    bool still = true;
    for (size_t i = 0; i < losses; i++) {
        if (i == only || only == losses)
            numbers_check_part(n, name, i, 1, n->ops->at(values, i), gradient_before);
        else
            still &= got[i] == gradient_before;
    }
    ok(still, "key-losses: %s: %s: nothing else", n->name, name);
}

static void check_generator_loss(struct numbers *n, size_t i)
{
    struct tensor x = numbers_tensor(n, "x"), r = numbers_tensor(n, "r"),
                  dx = numbers_gradient_tensor(n, "mixed_dx");
    device values = numbers_gradient(n, "generator_values");
    real weights[GENERATOR_LOSSES] = {0};
    weights[i] = 1;
    n->ops->generator_losses(values, dx, x, r, keys_of(n), weights, false);
    check_values(n, "generator_values", values, GENERATOR_LOSSES, i);
    numbers_check_part(n, "dx", i * tensor_count(x), tensor_count(x), dx.data, gradient_before);
}

static void check_discriminator_loss(struct numbers *n, size_t i)
{
    struct tensor x = numbers_tensor(n, "x"), r = numbers_tensor(n, "r"), logit = numbers_tensor(n, "logit");
    struct tensor dlogit = numbers_gradient_tensor(n, "mixed_dlogit");
    device values = numbers_gradient(n, "discriminator_values");
    real weights[DISCRIMINATOR_LOSSES] = {0};
    weights[i] = 1;
    n->ops->discriminator_losses(values, dlogit, logit, x, r, keys_of(n), weights, false);
    check_values(n, "discriminator_values", values, DISCRIMINATOR_LOSSES, i);
    numbers_check_part(n, "dlogit", i * tensor_count(logit), tensor_count(logit), dlogit.data,
                       gradient_before);
}

/* All at once with their weights; then without weights, where values alone are wanted. */
static void check_all(struct numbers *n, bool weighted)
{
    struct tensor x = numbers_tensor(n, "x"), r = numbers_tensor(n, "r"), logit = numbers_tensor(n, "logit");
    struct tensor dx = numbers_gradient_tensor(n, "mixed_dx"),
                  dlogit = numbers_gradient_tensor(n, "mixed_dlogit");
    device generator = numbers_gradient(n, "generator_values");
    device discriminator = numbers_gradient(n, "discriminator_values");
    real *weights = numbers_reals(numbers_find(n, "weights")), none[GENERATOR_LOSSES] = {0};
    n->ops->generator_losses(generator, dx, x, r, keys_of(n), weighted ? weights : none, true);
    n->ops->discriminator_losses(discriminator, dlogit, logit, x, r, keys_of(n), weighted ? weights : none,
                                 true);
    check_values(n, "generator_values", generator, GENERATOR_LOSSES, GENERATOR_LOSSES);
    check_values(n, "discriminator_values", discriminator, DISCRIMINATOR_LOSSES, DISCRIMINATOR_LOSSES);
    if (weighted) {
        numbers_check_added(n, "mixed_dx", dx.data);
        numbers_check_added(n, "mixed_dlogit", dlogit.data);
    }
    free(weights);
}

int main(void)
{
    struct numbers n = numbers_open_or_die(ops_under_test(), "key-losses");
    while (numbers_next_case(&n)) {
        for (size_t i = 0; i < GENERATOR_LOSSES; i++) check_generator_loss(&n, i);
        for (size_t i = 0; i < DISCRIMINATOR_LOSSES; i++) check_discriminator_loss(&n, i);
        check_all(&n, true);
        check_all(&n, false);
    }
    numbers_close(&n);
    return done();
}
