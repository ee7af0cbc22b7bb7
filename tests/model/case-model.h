/* A model as a case of numbers describes it: configuration, parameters and real records. */
#ifndef TESTS_MODEL_CASE_MODEL_H
#define TESTS_MODEL_CASE_MODEL_H

#include "kernels/model/config/config-load.h"
#include "kernels/model/training/step.h"
#include "tests/reference/numbers.h"

struct case_model {
    struct config *config;
    struct model *model;
    struct counters counters;
    struct step step;
};

/* Every parameter and running statistic has to be in the case. */
static inline void case_model_load(struct numbers *n, struct model *model)
{
    for (int network = 0; network < NETWORKS; network++) {
        for (int i = 0; i < model->parameters[network].count; i++) {
            const struct parameter *row = &model->parameters[network].table[i];
            const struct record *record = numbers_find(n, row->name);
            if (!record || record->count != row->count)
                die("%s: %s: no such %s", n->group, n->name, row->name);
            upload_floats(n->ops, row->weight->value, record->data, row->count);
        }
    }
}

/* load: the case has the parameters too. */
static inline struct case_model *case_model_new(struct numbers *n, bool load)
{
    struct case_model *c = allocate_or_die(1, sizeof *c);
    char *text = record_fact(&n->head, "config");
    if (!text) die("%s: %s: no configuration", n->group, n->name);
    c->config = config_parse_or_die(n->name, (const uint8_t *)text, strlen(text));
    free(text);
    struct keys_shape keys = {.keys = numbers_integer(n, "keys"),
                              .frames = numbers_integer(n, "frames"),
                              .drums = (int)record_fact_number(&n->head, "drums", 0)};
    c->model = model_new_or_die(n->ops, c->config, keys, numbers_integer(n, "batch"), true);
    c->counters = (struct counters){.seed = (int64_t)numbers_setting(n, "seed")};
    c->step = step_make_or_die(c->model, &c->counters);
    if (load) case_model_load(n, c->model);
    return c;
}

static inline void case_model_free(struct case_model *c)
{
    model_free(c->model);
    config_free(c->config);
    free(c);
}

/* The losses since the last call, as enum loss has them. */
static inline void case_model_losses(struct case_model *c, real losses[LOSSES])
{
    const struct ops *ops = c->model->session.ops;
    ops->download(losses, c->step.losses.cells, LOSSES);
    ops->zero(c->step.losses.cells, LOSSES);
}

/* Each of the design's losses against row `row` of the case's tensor: the largest relative error of one. */
static inline double case_model_loss_error(struct numbers *n, const struct case_model *c, const char *name,
                                           size_t row, const real *losses)
{
    int count = c->model->design->losses;
    real *want = numbers_reals(numbers_find(n, name));
    double worst = 0;
    for (int i = 0; i < count; i++) {
        double wanted = (double)want[row * (size_t)count + (size_t)i];
        double error = fabs((double)losses[i] - wanted);
        if (wanted != 0) error /= fabs(wanted);
        if (!(error <= worst)) worst = isnan(error) ? INFINITY : error;
    }
    free(want);
    return worst;
}

#endif
