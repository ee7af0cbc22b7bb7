/* One step of either network and an evaluation against PyTorch: every loss, every gradient by name,
 * statistics. */
#include "tests/model/case-model.h"

static void check_losses(struct numbers *n, struct case_model *c, const char *name)
{
    real losses[LOSSES];
    case_model_losses(c, losses);
    double error = case_model_loss_error(n, c, name, 0, losses);
    ok(error <= tolerance, "step: %s: %s (relative error %.1e)", n->name, name, error);
}

static void check_gradients(struct numbers *n, const struct parameters *p)
{
    for (int i = 0; i < p->count; i++) {
        if (p->table[i].statistic) continue;
        char *name = text_or_die("gradient %s", p->table[i].name);
        numbers_check(n, name, p->table[i].weight->gradient);
        free(name);
    }
}

static void check_statistics(struct numbers *n, const struct parameters *p)
{
    for (int i = 0; i < p->count; i++) {
        if (!p->table[i].statistic) continue;
        char *name = text_or_die("after %s", p->table[i].name);
        numbers_check(n, name, p->table[i].weight->value);
        free(name);
    }
}

static void check_evaluation(struct numbers *n, struct case_model *c)
{
    struct model *m = c->model;
    struct pass pass = {.seed = (uint64_t)c->counters.seed, .step = 1};
    m->design->draw(m->generator, 0, m->session.batch, pass.seed, pass.step);
    m->design->sample(m->generator, pass);
    discriminator_forward(&m->discriminator, m->generator->output, pass);
    numbers_check(n, "output", m->generator->output.data);
    numbers_check(n, "feature", discriminator_feature(&m->discriminator).data);
    numbers_check(n, "logit", m->discriminator.logit.data);
}

static void check_case(struct numbers *n)
{
    struct case_model *c = case_model_new(n, true);
    upload_floats(n->ops, c->step.records.data, numbers_find(n, "real")->data, tensor_count(c->step.records));
    step_generator(&c->step, false);
    check_losses(n, c, "generator_losses");
    check_gradients(n, &c->model->parameters[GENERATOR]);
    step_discriminator(&c->step, false);
    check_losses(n, c, "discriminator_losses");
    check_gradients(n, &c->model->parameters[DISCRIMINATOR]);
    for (int network = 0; network < NETWORKS; network++) check_statistics(n, &c->model->parameters[network]);
    check_evaluation(n, c);
    case_model_free(c);
}

int main(void)
{
    struct numbers n = numbers_open_or_die(ops_under_test(), "step");
    while (numbers_next_case(&n)) check_case(&n);
    numbers_close(&n);
    return done();
}
