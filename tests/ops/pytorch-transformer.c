/* Linear layers, attention, addition with layer normalisation, and the reparameterised draw against PyTorch.
 */
#include "tests/reference/numbers.h"

static const struct pass training = {.training = true};

static void check_linear(struct numbers *n, bool add)
{
    bool relu = numbers_integer(n, "relu");
    struct tensor x = numbers_tensor(n, "x"), dy = numbers_tensor(n, "dy"), y = numbers_room(n, "y");
    struct tensor dx = add ? numbers_gradient_tensor(n, "dx") : numbers_room(n, "dx");
    device weight = numbers_values(n, "weight"), bias = numbers_values(n, "bias");
    device dweight = numbers_gradient(n, "dweight"), dbias = numbers_gradient(n, "dbias");
    n->ops->linear(y, x, weight, bias, relu);
    n->ops->linear_backward(dx, dweight, dbias, dy, y, x, weight, relu, add);
    numbers_check(n, "y", y.data);
    (add ? numbers_check_added : numbers_check)(n, "dx", dx.data);
    numbers_check_added(n, "dweight", dweight);
    numbers_check_added(n, "dbias", dbias);
}

static void check_attention(struct numbers *n)
{
    struct tensor qkv = numbers_tensor(n, "qkv"), dy = numbers_tensor(n, "dy");
    struct tensor y = numbers_room(n, "y"), dqkv = numbers_room(n, "dqkv");
    struct attention *attention = n->ops->attention_new_or_die(
        y.batch, y.length, y.channels, numbers_integer(n, "heads"), (struct dropout){0});
    n->ops->attention_forward(attention, y, qkv, training);
    n->ops->attention_backward(attention, dqkv, dy, y, qkv, training);
    numbers_check(n, "y", y.data);
    numbers_check(n, "dqkv", dqkv.data);
    n->ops->attention_free(attention);
}

static void check_add_norm(struct numbers *n, bool in_place)
{
    struct tensor x = numbers_tensor(n, "x"), f = numbers_tensor(n, "f"), dy = numbers_tensor(n, "dy");
    struct tensor y = numbers_room(n, "y"), df = numbers_room(n, "df");
    struct tensor dx = in_place ? dy : numbers_room(n, "dx");
    device scale = numbers_values(n, "scale"), shift = numbers_values(n, "shift");
    device dscale = numbers_gradient(n, "dscale"), dshift = numbers_gradient(n, "dshift");
    struct add_norm *norm = n->ops->add_norm_new_or_die(x.batch, x.length, (struct dropout){0});
    n->ops->add_norm_forward(norm, y, x, f, scale, shift, training);
    n->ops->add_norm_backward(norm, dx, df, dscale, dshift, dy, f, scale, training);
    numbers_check(n, "y", y.data);
    numbers_check(n, "sum", f.data);
    numbers_check(n, "dx", dx.data);
    numbers_check(n, "df", df.data);
    numbers_check_added(n, "dscale", dscale);
    numbers_check_added(n, "dshift", dshift);
    n->ops->add_norm_free(norm);
}

static void check_reparameterise(struct numbers *n)
{
    struct tensor mu = numbers_tensor(n, "mu"), logvar = numbers_tensor(n, "logvar");
    struct tensor epsilon = numbers_tensor(n, "epsilon"), dz = numbers_tensor(n, "dz");
    struct tensor z = numbers_room(n, "z"), dmu = numbers_room(n, "dmu"),
                  dlogvar = numbers_room(n, "dlogvar");
    device kl = numbers_gradient(n, "kl");
    n->ops->reparameterise(z, mu, logvar, epsilon, numbers_values(n, "position"));
    n->ops->reparameterise_backward(dmu, dlogvar, dz, mu, logvar, epsilon,
                                    (real)numbers_setting(n, "kl_weight"));
    n->ops->kl(kl, mu, logvar);
    numbers_check(n, "z", z.data);
    numbers_check(n, "dmu", dmu.data);
    numbers_check(n, "dlogvar", dlogvar.data);
    numbers_check_added(n, "kl", kl);
}

int main(void)
{
    struct numbers n = numbers_open_or_die(ops_under_test(), "linear");
    while (numbers_next_case(&n)) check_linear(&n, false), check_linear(&n, true);
    numbers_close(&n);
    n = numbers_open_or_die(ops_under_test(), "attention");
    while (numbers_next_case(&n)) check_attention(&n);
    numbers_close(&n);
    n = numbers_open_or_die(ops_under_test(), "add-norm");
    while (numbers_next_case(&n)) check_add_norm(&n, false), check_add_norm(&n, true);
    numbers_close(&n);
    n = numbers_open_or_die(ops_under_test(), "reparameterise");
    while (numbers_next_case(&n)) check_reparameterise(&n);
    numbers_close(&n);
    return done();
}
