/* The initialisation of each parameter: mean, deviation and largest value are those of PyTorch's same layer.
 */
#include "tests/model/case-model.h"

struct moments {
    double mean, deviation, largest;
};

static struct moments moments_of(const struct ops *ops, const struct parameter *row)
{
    real *values = allocate_or_die(row->count, sizeof values[0]);
    struct moments s = {0};
    double squares = 0;
    ops->download(values, row->weight->value, row->count);
    for (size_t i = 0; i < row->count; i++) {
        s.mean += (double)values[i] / (double)row->count;
        squares += (double)values[i] * (double)values[i] / (double)row->count;
        s.largest = fmax(s.largest, fabs((double)values[i]));
    }
    s.deviation = sqrt(fmax(0, squares - s.mean * s.mean));
    free(values);
    return s;
}

/* Within 4 standard errors of what is expected; the largest of normal numbers varies more. */
static bool alike(struct moments got, struct moments want, size_t count)
{
    double stray = 4 / sqrt((double)count);
    if (count == 1) return got.largest < 3 * want.largest;
    if (want.deviation < 1e-6) return got.deviation < 1e-6 && fabs(got.mean - want.mean) < 1e-6;
    return fabs(got.mean) < stray * want.deviation && fabs(got.deviation / want.deviation - 1) < stray &&
           fabs(got.largest / want.largest - 1) < stray + 0.2;
}

static void check_case(struct numbers *n)
{
    struct case_model *c = case_model_new(n, false);
    model_initialise(c->model, 11);
    for (int network = 0; network < NETWORKS; network++) {
        for (int i = 0; i < c->model->parameters[network].count; i++) {
            const struct parameter *row = &c->model->parameters[network].table[i];
            const struct record *record = numbers_find(n, row->name);
            if (!record) die("initial: %s: no %s", n->name, row->name);
            const float *want = record->data;
            struct moments got = moments_of(n->ops, row),
                           wanted = {(double)want[0], (double)want[1], (double)want[2]};
            ok(alike(got, wanted, row->count),
               "initial: %s: %s: mean %.3g, deviation %.3g (PyTorch's %.3g, %.3g)", n->name, row->name,
               got.mean, got.deviation, wanted.mean, wanted.deviation);
        }
    }
    case_model_free(c);
}

int main(void)
{
    struct numbers n = numbers_open_or_die(ops_under_test(), "initial");
    while (numbers_next_case(&n)) check_case(&n);
    numbers_close(&n);
    return done();
}
