/* The design `time` against PyTorch: every loss and gradient of a step of the generator, its statistics, and
 * the posterior of its encoder in evaluation mode. */
#include "tests/model/case-model.h"

static void check_losses(struct numbers *n, struct case_model *c)
{
    real losses[LOSSES];
    case_model_losses(c, losses);
    double error = case_model_loss_error(n, c, "losses", 0, losses);
    ok(error <= tolerance, "time: %s: losses (relative error %.1e)", n->name, error);
}

static void check_parameters(struct numbers *n, const struct parameters *p)
{
    for (int i = 0; i < p->count; i++) {
        const struct parameter *row = &p->table[i];
        if (row->statistic && strstr(row->name, ".prior.")) continue;
        char *name = text_or_die("%s %s", row->statistic ? "after" : "gradient", row->name);
        numbers_check(n, name, row->statistic ? row->weight->value : row->weight->gradient);
        free(name);
    }
}

static void check_posterior(struct numbers *n, struct case_model *c)
{
    const struct prior *prior = c->model->generator->prior;
    size_t side = (size_t)prior->latents * (size_t)prior->channels;
    size_t count = (size_t)c->model->session.batch * side;
    device said = c->model->session.ops->allocate_or_die(2 * count);
    real *mu = allocate_or_die(2 * count, sizeof mu[0]);
    c->model->design->posterior(c->model->generator, c->step.records, mu, mu + count);
    n->ops->upload(said, mu, 2 * count);
    numbers_check(n, "mu", said);
    numbers_check(n, "logvar", n->ops->at(said, count));
    n->ops->release(said);
    free(mu);
}

static void check_case(struct numbers *n)
{
    struct case_model *c = case_model_new(n, true);
    upload_floats(n->ops, c->step.records.data, numbers_find(n, "real")->data, tensor_count(c->step.records));
    step_generator(&c->step, false);
    check_losses(n, c);
    check_parameters(n, &c->model->parameters[GENERATOR]);
    check_posterior(n, c);
    case_model_free(c);
}

int main(void)
{
    struct numbers n = numbers_open_or_die(ops_under_test(), "time");
    while (numbers_next_case(&n)) check_case(&n);
    numbers_close(&n);
    return done();
}
