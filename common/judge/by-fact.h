/* How well a number that records state, as a judge's score, tells real from generated ones. */
#ifndef COMMON_JUDGE_BY_FACT_H
#define COMMON_JUDGE_BY_FACT_H

#include <stddef.h>
#include <stdint.h>

/* A fact of all records of a stream, with their songs. */
struct fact_set {
    size_t count;
    double *value;  /* (count) */
    uint64_t *song; /* (count): hash of the fact source; 0: not stated */
};

/* Dies where a record does not state the fact as a number, and without records. */
struct fact_set fact_set_read_or_die(const char *path, const char *fact);
void fact_set_free(struct fact_set *set);

/* The area under the ROC curve: the chance that a real record has the greater number than a generated one,
 * 0.5 where it says nothing. drawn (resamples): the same with the songs of both sides drawn again. */
double by_fact_auc_or_die(double *drawn, size_t resamples, const struct fact_set *real,
                          const struct fact_set *generated, uint64_t seed);

#endif
