/* A training run against PyTorch: both pretrainings and ten batches, every loss of each, and the parameters
 * and statistics at the end. */
#include "tests/model/case-model.h"

/* Float's rounding grows from batch to batch; the build in double shows that nothing else does. */
static const double loss_tolerance = 10 * tolerance, parameter_tolerance = 100 * tolerance;

/* The bias of the keys has no influence on attention: its gradient is rounding, and Adam makes full steps of
 * it. */
static const double attention_bias_tolerance = 1000 * tolerance;

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
    double error = case_model_loss_error(n, "losses", batch * LOSSES, losses);
    ok(error <= loss_tolerance, "training: %s: losses of batch %zu (relative error %.1e)", n->name, batch,
       error);
}

static void check_parameters(struct numbers *n, const struct parameters *p)
{
    for (int i = 0; i < p->count; i++) {
        bool idle = strstr(p->table[i].name, "attention.in.bias");
        char *name = text_or_die("after %s", p->table[i].name);
        numbers_check_to(n, name, p->table[i].weight->value, 0,
                         idle ? attention_bias_tolerance : parameter_tolerance);
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
    struct numbers n = numbers_open_or_die(ops_cpu(), "training");
    while (numbers_next_case(&n)) check_case(&n);
    numbers_close(&n);
    return done();
}
