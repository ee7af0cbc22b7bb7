/* AdamW over several steps, and clipping, against PyTorch. */
#include "tests/reference/numbers.h"

static void check_adamw(struct numbers *n)
{
    const struct record *wanted = numbers_find(n, "wanted");
    size_t steps = wanted->shape[0], count = wanted->shape[1];
    device p = numbers_values(n, "p"), gradients = numbers_values(n, "gradients");
    device moment1 = numbers_filled(n, count, 0), moment2 = numbers_filled(n, count, 0);
    struct adamw settings = {.learning_rate = (real)numbers_setting(n, "learning_rate"),
                             .beta1 = (real)numbers_setting(n, "beta1"),
                             .beta2 = (real)numbers_setting(n, "beta2"),
                             .epsilon = (real)numbers_setting(n, "epsilon"),
                             .weight_decay = (real)numbers_setting(n, "weight_decay")};
    for (size_t step = 0; step < steps; step++) {
        settings.step = (int64_t)step + 1;
        n->ops->adamw(p, n->ops->at(gradients, step * count), moment1, moment2, count, settings);
        numbers_check_part(n, "wanted", step * count, count, p, 0);
    }
}

static void check_clip(struct numbers *n)
{
    device gradients = numbers_values(n, "gradients");
    n->ops->clip(gradients, numbers_find(n, "gradients")->count, (real)numbers_setting(n, "limit"));
    numbers_check(n, "wanted", gradients);
}

int main(void)
{
    struct numbers n = numbers_open_or_die(ops_under_test(), "adamw");
    while (numbers_next_case(&n)) check_adamw(&n);
    numbers_close(&n);
    n = numbers_open_or_die(ops_under_test(), "clip");
    while (numbers_next_case(&n)) check_clip(&n);
    numbers_close(&n);
    return done();
}
