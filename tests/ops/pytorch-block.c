/* Convolution blocks, forward and backward, against PyTorch. */
#include "tests/reference/numbers.h"

static struct block_shape shape_of(const struct numbers *n)
{
    return (struct block_shape){.transposed = numbers_integer(n, "transposed"),
                                .in = numbers_integer(n, "in"),
                                .out = numbers_integer(n, "out"),
                                .kernel = numbers_integer(n, "kernel"),
                                .stride = numbers_integer(n, "stride"),
                                .padding = numbers_integer(n, "padding"),
                                .output_padding = numbers_integer(n, "output_padding"),
                                .slope = (real)numbers_setting(n, "slope"),
                                .norm = numbers_integer(n, "norm"),
                                .epsilon = (real)1e-11,
                                .momentum = (real)0.1,
                                .pool_pairs = numbers_integer(n, "pool_pairs")};
}

static void check_forward(struct numbers *n, struct block *block, struct block_parameters p, struct pass pass)
{
    struct tensor y = numbers_room(n, "y"), bare = numbers_room(n, "bare"), skip = numbers_tensor(n, "skip");
    if (!skip.data) bare.data = NULL;
    n->ops->block_forward(block, p, y, bare, numbers_tensor(n, "x"), skip, pass);
    numbers_check(n, "y", y.data);
    numbers_check(n, "bare", bare.data);
    numbers_check(n, pass.training ? "moved_mean" : "mean", p.running_mean);
    numbers_check(n, pass.training ? "moved_variance" : "variance", p.running_variance);
}

static void check_backward(struct numbers *n, struct block *block, struct block_parameters p,
                           struct pass pass)
{
    struct tensor dx = numbers_room(n, "dx"), dskip = numbers_gradient_tensor(n, "dskip");
    struct block_parameters dp = {.weight = numbers_gradient(n, "dweight"),
                                  .bias = numbers_gradient(n, "dbias"),
                                  .scale = numbers_gradient(n, "dscale"),
                                  .shift = numbers_gradient(n, "dshift")};
    n->ops->block_backward(block, p, dp, dx, dskip, numbers_tensor(n, "dy"), numbers_tensor(n, "dbare"),
                           numbers_tensor(n, "x"), pass);
    numbers_check(n, "dx", dx.data);
    numbers_check_added(n, "dskip", dskip.data);
    numbers_check_added(n, "dweight", dp.weight);
    numbers_check_added(n, "dbias", dp.bias);
    numbers_check_added(n, "dscale", dp.scale);
    numbers_check_added(n, "dshift", dp.shift);
}

static void check_case(struct numbers *n)
{
    struct block_shape shape = shape_of(n);
    struct pass pass = {.training = numbers_integer(n, "training"), .update_statistics = true};
    struct tensor x = numbers_tensor(n, "x"), y = numbers_tensor(n, "y");
    struct block_parameters p = {.weight = numbers_values(n, "weight"),
                                 .bias = numbers_values(n, "bias"),
                                 .scale = numbers_values(n, "scale"),
                                 .shift = numbers_values(n, "shift"),
                                 .running_mean = numbers_values(n, "mean"),
                                 .running_variance = numbers_values(n, "variance")};
    ok(block_output_length(&shape, x.length) == y.length, "block: %s: length", n->name);
    struct block *block = n->ops->block_new_or_die(&shape, x.batch, x.length);
    check_forward(n, block, p, pass);
    check_backward(n, block, p, pass);
    n->ops->block_free(block);
}

int main(void)
{
    struct numbers n = numbers_open_or_die(ops_under_test(), "block");
    while (numbers_next_case(&n)) check_case(&n);
    numbers_close(&n);
    return done();
}
