/* A training run against PyTorch: both pretrainings and ten batches, every loss of each, and the parameters
 * and statistics at the end. */
#include "tests/model/case-model.h"

/* Rounding grows from batch to batch; the build in double shows that nothing else does. */
static const double loss_tolerance = tolerance, movement_tolerance = 1e-2;

static void adversarial_batch(struct case_model *c, size_t number)
{
    bool apply = (number + 1) % (size_t)c->config->accumulation_steps == 0;
    for (int i = 0; i < c->config->g_steps_per_batch; i++) step_generator(&c->step, apply);
    for (int i = 0; i < c->config->d_steps_per_g_step; i++) step_discriminator(&c->step, apply);
}

static void check_batch(struct numbers *n, struct case_model *c, size_t batch)
{
    size_t cells = tensor_count(c->step.records), pretrain = (size_t)numbers_setting(n, "pretrain");
    real losses[LOSSES];
    const float *real = numbers_find(n, "real")->data;
    upload_floats(n->ops, c->step.records.data, real + batch * cells, cells);
    if (batch < pretrain)
        step_pretrain_generator(&c->step);
    else if (batch < 2 * pretrain)
        step_pretrain_discriminator(&c->step);
    else
        adversarial_batch(c, batch - 2 * pretrain);
    case_model_losses(c, losses);
    double error = case_model_loss_error(n, c, "losses", batch, losses);
    ok(error <= loss_tolerance, "training: %s: losses of batch %zu (relative error %.1e)", n->name, batch,
       error);
}

/* The distance from PyTorch's parameter at the end, against the way that it went there from `start`. */
static double movement_error(const struct ops *ops, device at, const struct record *start,
                             const struct record *end)
{
    const float *from = start->data, *to = end->data;
    real *got = allocate_or_die(end->count, sizeof got[0]);
    double off = 0, moved = 0;
    ops->download(got, at, end->count);
    for (size_t i = 0; i < end->count; i++) {
        off += pow((double)got[i] - (double)to[i], 2);
        moved += pow((double)to[i] - (double)from[i], 2);
    }
    free(got);
    return sqrt(off / moved);
}

static void check_parameters(struct numbers *n, const struct parameters *p)
{
    for (int i = 0; i < p->count; i++) {
        const struct parameter *row = &p->table[i];
        /* The keys' bias has no influence on attention: its gradient is rounding, of which Adam makes full
         * steps. */
        if (strstr(row->name, "attention.in.bias")) continue;
        char *name = text_or_die("after %s", row->name);
        const struct record *start = numbers_find(n, row->name), *end = numbers_find(n, name);
        if (!end || end->count != row->count) die("%s: %s: no such %s", n->group, n->name, name);
        double error = movement_error(n->ops, row->weight->value, start, end);
        ok(error <= movement_tolerance, "%s: %s: %s (error of its way %.1e)", n->group, n->name, name, error);
        free(name);
    }
}

static void check_case(struct numbers *n)
{
    struct case_model *c = case_model_new(n, true);
    size_t batches = numbers_find(n, "losses")->shape[0];
    for (size_t batch = 0; batch < batches; batch++) check_batch(n, c, batch);
    for (int network = 0; network < NETWORKS; network++) check_parameters(n, &c->model->parameters[network]);
    case_model_free(c);
}

int main(void)
{
    struct numbers n = numbers_open_or_die(ops_under_test(), "training");
    while (numbers_next_case(&n)) check_case(&n);
    numbers_close(&n);
    return done();
}
