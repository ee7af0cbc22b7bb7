/* The critic: what it sees, gradients against differences, any number of threads, records that are judged
 * alone. */
#include "kernels/model/critic.h"

#include "kernels/model/critic-input.h"
#include "tests/ops/check.h"
#include "tests/ops/threads.h"

enum { BATCH = 3, KEYS = 5, FRAMES = 11, CHANNELS = 2 };

struct context {
    struct session session;
    struct parameters parameters;
    struct critic critic;
    struct tensor seen, dseen, dlogit;
    struct pass pass;
};

static struct context *context_new(const struct ops *ops, bool training)
{
    struct context *c = allocate_or_die(1, sizeof *c);
    c->session = session_make(ops, NULL, (struct keys_shape){0}, BATCH);
    c->parameters = parameters_make(&c->session, "critic");
    critic_make_or_die(&c->critic, &c->session, &c->parameters, (struct critic_shape){KEYS, FRAMES, CHANNELS},
                       true);
    parameters_allocate_or_die(&c->parameters, true);
    parameters_initialise(&c->parameters, 1);
    c->seen = check_tensor(ops, BATCH * KEYS, FRAMES, CHANNELS, 1);
    c->dseen = check_tensor(ops, BATCH * KEYS, FRAMES, CHANNELS, 2);
    c->dlogit = check_tensor(ops, BATCH, 1, 1, 3);
    c->pass = (struct pass){.training = training, .seed = 1, .step = 2};
    return c;
}

static void context_free(struct context *c)
{
    const struct ops *ops = c->session.ops;
    ops->release(c->seen.data), ops->release(c->dseen.data), ops->release(c->dlogit.data);
    critic_free(&c->critic);
    parameters_free(&c->parameters);
    session_release(&c->session);
    free(c);
}

static double scalar(void *context)
{
    struct context *c = context;
    critic_forward(&c->critic, c->seen, c->pass);
    return check_dot(c->session.ops, c->critic.logit, c->dlogit);
}

static void run(void *context)
{
    struct context *c = context;
    c->session.ops->zero(c->parameters.gradients, c->parameters.trained);
    critic_forward(&c->critic, c->seen, c->pass);
    critic_backward(&c->critic, c->dseen, c->dlogit, c->seen, true, c->pass);
}

/* In floats the differences of so deep a network are rounding. */
static void gradients(const struct ops *ops, bool training)
{
    struct context *c = context_new(ops, training);
    const char *how = training ? "training" : "evaluation";
    struct tensor all = tensor_make(c->parameters.gradients, 1, 1, (int)c->parameters.trained);
    char name[80];
    run(c);
    for (int i = 0; sizeof(real) == sizeof(double) && i < c->parameters.count; i++) {
        const struct parameter *row = &c->parameters.table[i];
        if (row->statistic) continue;
        snprintf(name, sizeof name, "%s, %s", row->name, how);
        check_gradient(ops, name, scalar, c, row->weight->value, row->weight->gradient, row->count);
    }
    snprintf(name, sizeof name, "what is seen, %s", how);
    if (sizeof(real) == sizeof(double))
        check_gradient(ops, name, scalar, c, c->seen.data, c->dseen.data, tensor_count(c->seen));
    check_threads(ops, how, run, c, (struct tensor[]){c->critic.logit, c->dseen, all}, 3);
    ops->zero(c->parameters.gradients, c->parameters.trained);
    critic_backward(&c->critic, c->dseen, c->dlogit, c->seen, false, c->pass);
    real *left = check_values(ops, c->parameters.gradients, c->parameters.trained), sum = 0;
    for (size_t i = 0; i < c->parameters.trained; i++) sum += left[i] * left[i];
    ok(sum == 0, "%s: without the parameters' gradients, none", how);
    free(left);
    context_free(c);
}

static void alone(const struct ops *ops)
{
    struct context *c = context_new(ops, false);
    size_t each = tensor_count(c->seen) / BATCH;
    real before[BATCH], after[BATCH];
    critic_forward(&c->critic, c->seen, c->pass);
    ops->download(before, c->critic.logit.data, BATCH);
    check_fill(ops, ops->at(c->seen.data, each), each, 9);
    critic_forward(&c->critic, c->seen, c->pass);
    ops->download(after, c->critic.logit.data, BATCH);
    ok(before[0] == after[0] && before[1] != after[1] && before[2] == after[2], "a record is judged alone");
    context_free(c);
}

/* Two keys and a drum, three frames: key 0 sounds left in frame 1, key 1 right in frame 2, the drum in frame
 * 0. */
static void seeing(void)
{
    unsigned char cells[2 * 3 * 3 * 2] = {[18 + 2] = 255, [18 + 11] = 51, [18 + 12] = 102};
    struct roll_set set = {.count = 2, .keys = 2, .drums = 1, .frames = 3, .cells = cells};
    real got[2 * 3 * 6];
    critic_see(got, &set, 1, (struct critic_window){0, 3, 0}, false);
    const real roll[2 * 3 * 2] = {0, 1, 1, 0, 0, 0, 0, 1, 0, 0, 1, 0};
    ok(critic_channels(1, false) == 2 && memcmp(got, roll, sizeof roll) == 0, "what sounds, with the drum");
    critic_see(got, &set, 1, (struct critic_window){1, 2, 1}, false);
    const real shifted[2 * 2 * 2] = {0, 0, 1, 0, 1, 0, 0, 0};
    ok(memcmp(got, shifted, sizeof shifted) == 0, "a window, shifted up in a circle");
    critic_see(got, &set, 1, (struct critic_window){1, 2, -1}, false);
    ok(memcmp(got, shifted, sizeof shifted) == 0, "... and down");
    critic_see(got, &set, 1, (struct critic_window){0, 1, 0}, true);
    const real loud[2 * 6] = {0, 0, 0, 1, (real)102 / 255, 0, 0, 0, 0, 1, (real)102 / 255, 0};
    ok(critic_channels(1, true) == 6 && memcmp(got, loud, sizeof loud) == 0, "with loudness, left and right");
}

int main(void)
{
    const struct ops *ops = ops_under_test();
    omp_set_num_threads(1);
    seeing();
    gradients(ops, true);
    gradients(ops, false);
    alone(ops);
    return done();
}
