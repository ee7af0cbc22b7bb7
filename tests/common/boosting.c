/* Boosted stumps and the area under the ROC curve against scikit-learn's (tests/reference/boosting.py). */
#include "common/judge/boosting.h"

#include <math.h>

#include "common/judge/roc.h"
#include "tests/reference/numbers.h"

static void check_case(struct numbers *n)
{
    const struct record *record = numbers_find(n, "values");
    size_t rows = record->shape[0], cues = record->shape[1], trained = (size_t)numbers_setting(n, "train");
    const float *label = numbers_find(n, "label")->data, *weight = numbers_find(n, "weight")->data;
    const float *wanted = numbers_find(n, "logit")->data, *score = numbers_find(n, "score")->data;
    double *values = allocate_or_die(rows * cues, sizeof *values),
           *weights = allocate_or_die(rows, sizeof *weights);
    unsigned char *labels = allocate_or_die(rows, 1);
    struct scored *scored = allocate_or_die(rows, sizeof *scored);
    for (size_t i = 0; i < rows * cues; i++) values[i] = (double)((const float *)record->data)[i];
    for (size_t i = 0; i < rows; i++) {
        labels[i] = label[i] > 0, weights[i] = (double)weight[i];
        scored[i] = (struct scored){(double)score[i], weights[i], labels[i], i};
    }
    struct boosted model =
        boosted_train_or_die(values, labels, weights, trained, cues, (size_t)numbers_setting(n, "rounds"),
                             numbers_setting(n, "rate"));
    double worst = 0;
    for (size_t i = 0; i < rows; i++)
        worst = fmax(worst, fabs(boosted_logit(&model, values + i * cues) - (double)wanted[i]));
    ok(worst < 1e-5, "%s: logits of all rows, also those it was not trained on, within %g", n->name, worst);
    roc_sort(scored, rows);
    double area = roc_area(scored, rows), area_wanted = (double)*(const float *)numbers_find(n, "area")->data;
    ok(fabs(area - area_wanted) < 1e-6, "%s: area under the ROC curve %.4f", n->name, area);
    boosted_free(&model);
    free(values);
    free(weights);
    free(labels);
    free(scored);
}

static void check_limits(void)
{
    const double constant[] = {3, 3, 3, 3};
    const unsigned char label[] = {0, 1, 1, 1};
    const double weight[] = {1, 1, 1, 1};
    struct boosted model = boosted_train_or_die(constant, label, weight, 4, 1, 10, 0.1);
    ok(model.stumps == 0 && fabs(model.prior - log(3)) < 1e-12, "a cue that never differs: the prior alone");
    boosted_free(&model);
    struct scored one = {1, 1, true, 0};
    ok(isnan(roc_area(&one, 1)), "no negatives: no area");
}

int main(void)
{
    struct numbers n = numbers_open_or_die(ops_under_test(), "boosting");
    while (numbers_next_case(&n)) check_case(&n);
    numbers_close(&n);
    check_limits();
    return done();
}
