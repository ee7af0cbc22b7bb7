/* The reparameterised draw and the KL divergence: gradients of both at once, closed forms, any number of
 * threads.
 */
#include "tests/ops/check.h"
#include "tests/ops/threads.h"

static const real KL_WEIGHT = (real)0.3;

struct context {
    const struct ops *ops;
    struct tensor z, mu, logvar, epsilon, dz, dmu, dlogvar, position, value;
};

static double divergence(struct context *c)
{
    real value;
    c->ops->zero(c->value.data, 1);
    c->ops->kl(c->value.data, c->mu, c->logvar);
    c->ops->download(&value, c->value.data, 1);
    return (double)value;
}

static double scalar(void *context)
{
    struct context *c = context;
    c->ops->reparameterise(c->z, c->mu, c->logvar, c->epsilon, c->position.data);
    return check_dot(c->ops, c->z, c->dz) + (double)KL_WEIGHT * divergence(c);
}

static void run(void *context)
{
    struct context *c = context;
    scalar(c);
    c->ops->reparameterise_backward(c->dmu, c->dlogvar, c->dz, c->mu, c->logvar, c->epsilon, KL_WEIGHT);
}

static struct context begin(const struct ops *ops, int batch, int length, int channels)
{
    struct context c = {.ops = ops};
    struct tensor *data[] = {&c.z, &c.mu, &c.logvar, &c.epsilon, &c.dz, &c.dmu, &c.dlogvar};
    for (uint32_t i = 0; i < 7; i++) *data[i] = check_tensor(ops, batch, length, channels, i);
    c.position = check_tensor(ops, 1, length, channels, 9);
    c.value = check_tensor(ops, 1, 1, 1, 0);
    return c;
}

static void end(struct context *c)
{
    struct tensor all[] = {c->z,   c->mu,      c->logvar,   c->epsilon, c->dz,
                           c->dmu, c->dlogvar, c->position, c->value};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) c->ops->release(all[i].data);
}

static void gradients(const struct ops *ops, int batch, int length, int channels)
{
    char name[80];
    struct context c = begin(ops, batch, length, channels);
    snprintf(name, sizeof name, "latents (%d, %d, %d)", batch, length, channels);
    run(&c);
    check_gradient(ops, name, scalar, &c, c.mu.data, c.dmu.data, tensor_count(c.mu));
    check_gradient(ops, name, scalar, &c, c.logvar.data, c.dlogvar.data, tensor_count(c.mu));
    check_threads(ops, name, run, &c, (struct tensor[]){c.z, c.dmu, c.dlogvar, c.value}, 4);
    end(&c);
}

static void closed_forms(const struct ops *ops)
{
    struct context c = begin(ops, 3, 7, 2);
    check_affine(ops, c.mu, 0, 0);
    check_affine(ops, c.logvar, 0, 0);
    ok(divergence(&c) == 0, "N(0, 1) has no divergence");
    ops->reparameterise(c.z, c.mu, c.logvar, c.epsilon, NULL);
    ok(check_same(ops, c.z.data, c.epsilon.data, tensor_count(c.z)), "and its draws are epsilon");
    check_affine(ops, c.mu, 0, 1);
    ok(fabs(divergence(&c) - 7) < 1e-5, "N(1, 1): a half each");
    check_affine(ops, c.mu, 0, 0);
    check_affine(ops, c.epsilon, 0, 0);
    ops->reparameterise(c.z, c.mu, c.logvar, c.epsilon, c.position.data);
    bool same = true;
    for (size_t b = 0; b < 3; b++)
        same = same && check_same(ops, ops->at(c.z.data, b * 14), c.position.data, 14);
    ok(same, "the position is added to every sample");
    end(&c);
}

int main(void)
{
    const struct ops *ops = ops_under_test();
    omp_set_num_threads(1);
    gradients(ops, 1, 1, 3);
    gradients(ops, 2, 7, 5);
    gradients(ops, 3, 241, 2);
    closed_forms(ops);
    return done();
}
