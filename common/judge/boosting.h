/* Gradient boosting of decision stumps for two classes: an additive model of the logit, each term a step in
 * one cue, fitted to the gradient of the binomial deviance with the leaves' values by one Newton step.
 * Source: J. H. Friedman, "Greedy function approximation: a gradient boosting machine", 2001 (algorithm 5),
 * with the splits of its least-squares trees. */
#ifndef COMMON_JUDGE_BOOSTING_H
#define COMMON_JUDGE_BOOSTING_H

#include <stddef.h>

struct stump {
    size_t cue;
    double threshold;   /* cue <= threshold goes left */
    double left, right; /* added to the logit */
    double gain;        /* of the split: the weighted squares that it explains */
};

struct boosted {
    double prior; /* the logit of the training set's weights */
    size_t stumps;
    struct stump *stump;
};

/* Trains on values (count, cues), all finite, of label 0 or 1 and of weight > 0, with `rounds` stumps at
 * `rate`. Fewer stumps where no cue splits. Caller frees with boosted_free. */
struct boosted boosted_train_or_die(const double *values, const unsigned char *label, const double *weight,
                                    size_t count, size_t cues, size_t rounds, double rate);

/* The logit of label 1 for a row of cues. */
double boosted_logit(const struct boosted *model, const double *values);

void boosted_free(struct boosted *model);

#endif
