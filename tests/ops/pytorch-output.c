/* What follows the generator's last block, and resizing, against PyTorch. */
#include "tests/reference/numbers.h"

static void check_adaptive_pool(struct numbers *n)
{
    struct tensor y = numbers_room(n, "y"), dx = numbers_room(n, "dx");
    n->ops->adaptive_pool(y, numbers_tensor(n, "x"));
    n->ops->adaptive_pool_backward(dx, numbers_tensor(n, "dy"));
    numbers_check(n, "y", y.data);
    numbers_check(n, "dx", dx.data);
}

static void check_halve(struct numbers *n)
{
    struct tensor y = numbers_room(n, "y"), dx = numbers_gradient_tensor(n, "dx");
    n->ops->halve(y, numbers_tensor(n, "x"));
    n->ops->halve_backward(dx, numbers_tensor(n, "dy"));
    numbers_check(n, "y", y.data);
    numbers_check_added(n, "dx", dx.data);
}

/* Room for each sample's maximum and its index. */
static struct tensor peaks(struct numbers *n, int batch)
{
    return tensor_make(numbers_filled(n, (size_t)batch * 2, NAN), batch, 1, 2);
}

static void check_hard_sigmoid(struct numbers *n)
{
    struct tensor x = numbers_tensor(n, "x"), y = numbers_room(n, "y"), dx = numbers_room(n, "dx");
    struct tensor peak = peaks(n, x.batch);
    n->ops->hard_sigmoid(y, peak, x);
    n->ops->hard_sigmoid_backward(dx, numbers_tensor(n, "dy"), peak, x);
    numbers_check(n, "y", y.data);
    numbers_check(n, "dx", dx.data);
}

static void check_envelope(struct numbers *n)
{
    struct tensor x = numbers_tensor(n, "x"), a = numbers_tensor(n, "a"), dy = numbers_tensor(n, "dy");
    struct tensor y = numbers_room(n, "y"), dx = numbers_room(n, "dx"), da = numbers_room(n, "da");
    struct tensor peak = peaks(n, x.batch);
    n->ops->envelope(y, peak, x, a);
    n->ops->envelope_backward(dx, da, dy, y, peak, x, a);
    numbers_check(n, "y", y.data);
    numbers_check(n, "dx", dx.data);
    numbers_check(n, "da", da.data);
}

int main(void)
{
    static const struct {
        const char *group;
        void (*check)(struct numbers *n);
    } tests[] = {
        {"adaptive-pool", check_adaptive_pool},
        {"halve", check_halve},
        {"hard-sigmoid", check_hard_sigmoid},
        {"envelope", check_envelope},
    };
    for (size_t i = 0; i < sizeof tests / sizeof tests[0]; i++) {
        struct numbers n = numbers_open_or_die(ops_under_test(), tests[i].group);
        while (numbers_next_case(&n)) tests[i].check(&n);
        numbers_close(&n);
    }
    return done();
}
