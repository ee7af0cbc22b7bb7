/* Gradient boosting of decision stumps. */
#include "common/judge/boosting.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#include "common/memory.h"

/* A training at work. */
struct training {
    const double *values; /* (count, cues) */
    const unsigned char *label;
    const double *weight;
    size_t count, cues;
    size_t *order;    /* (cues, count): rows by ascending value of the cue */
    double *logit;    /* (count) */
    double *residual; /* (count): label - probability */
};

static double probability(double logit)
{
    return 1 / (1 + exp(-logit));
}

/* A row with its value of the cue that is sorted by. */
struct ranked {
    double value;
    size_t row;
};

static int by_value(const void *a, const void *b)
{
    const struct ranked *x = a, *y = b;
    if (x->value != y->value) return x->value < y->value ? -1 : 1;
    return (x->row > y->row) - (x->row < y->row);
}

static void sort_cues(struct training *t)
{
    struct ranked *ranked = allocate_or_die(t->count, sizeof *ranked);
    for (size_t c = 0; c < t->cues; c++) {
        for (size_t i = 0; i < t->count; i++) ranked[i] = (struct ranked){t->values[i * t->cues + c], i};
        qsort(ranked, t->count, sizeof *ranked, by_value);
        for (size_t i = 0; i < t->count; i++) t->order[c * t->count + i] = ranked[i].row;
    }
    free(ranked);
}

/* The best split of one cue into `best`, if it gains more: w_l w_r / (w_l + w_r) (mean_l - mean_r)^2 of the
 * residuals, halfway between two values that differ. */
static void try_cue(struct stump *best, const struct training *t, size_t cue)
{
    const size_t *order = t->order + cue * t->count;
    double all = 0, sum = 0, left = 0, left_sum = 0;
    for (size_t i = 0; i < t->count; i++) all += t->weight[i], sum += t->weight[i] * t->residual[i];
    for (size_t i = 0; i + 1 < t->count; i++) {
        size_t row = order[i];
        double value = t->values[row * t->cues + cue], next = t->values[order[i + 1] * t->cues + cue];
        left += t->weight[row];
        left_sum += t->weight[row] * t->residual[row];
        double right = all - left, apart = left_sum / left - (sum - left_sum) / right;
        double gain = left * right / all * apart * apart;
        if (next > value && gain > best->gain * (1 + 1e-12) + 1e-300)
            *best = (struct stump){.cue = cue, .threshold = value + (next - value) / 2, .gain = gain};
    }
}

/* A leaf's value by one Newton step: the residuals' sum by the sum of p (1 - p). */
static void set_leaves(struct stump *stump, const struct training *t, double rate)
{
    double sum[2] = {0}, curvature[2] = {0};
    for (size_t i = 0; i < t->count; i++) {
        size_t side = t->values[i * t->cues + stump->cue] > stump->threshold;
        double p = t->label[i] - t->residual[i];
        sum[side] += t->weight[i] * t->residual[i];
        curvature[side] += t->weight[i] * p * (1 - p);
    }
    stump->left = curvature[0] > 1e-150 ? rate * sum[0] / curvature[0] : 0;
    stump->right = curvature[1] > 1e-150 ? rate * sum[1] / curvature[1] : 0;
}

static void take_step(struct training *t, const struct stump *stump)
{
    for (size_t i = 0; i < t->count; i++) {
        bool right = t->values[i * t->cues + stump->cue] > stump->threshold;
        t->logit[i] += right ? stump->right : stump->left;
        t->residual[i] = t->label[i] - probability(t->logit[i]);
    }
}

struct boosted boosted_train_or_die(const double *values, const unsigned char *label, const double *weight,
                                    size_t count, size_t cues, size_t rounds, double rate)
{
    struct training t = {values,
                         label,
                         weight,
                         count,
                         cues,
                         allocate_or_die(cues * count, sizeof *t.order),
                         allocate_or_die(count, sizeof *t.logit),
                         allocate_or_die(count, sizeof *t.residual)};
    struct boosted model = {.stump = allocate_or_die(rounds, sizeof *model.stump)};
    double ones = 0, all = 0;
    for (size_t i = 0; i < count; i++) all += weight[i], ones += weight[i] * label[i];
    model.prior = log(ones / (all - ones));
    for (size_t i = 0; i < count; i++) t.logit[i] = model.prior, t.residual[i] = label[i] - ones / all;
    sort_cues(&t);
    while (model.stumps < rounds) {
        struct stump best = {.gain = 0};
        for (size_t c = 0; c < cues; c++) try_cue(&best, &t, c);
        if (best.gain == 0) break;
        set_leaves(&best, &t, rate);
        take_step(&t, &best);
        model.stump[model.stumps++] = best;
    }
    free(t.order);
    free(t.logit);
    free(t.residual);
    return model;
}

double boosted_logit(const struct boosted *model, const double *values)
{
    double logit = model->prior;
    for (size_t i = 0; i < model->stumps; i++) {
        const struct stump *stump = &model->stump[i];
        logit += values[stump->cue] > stump->threshold ? stump->right : stump->left;
    }
    return logit;
}

void boosted_free(struct boosted *model)
{
    free(model->stump);
    *model = (struct boosted){0};
}
