/* The area under the receiver operating characteristic. */
#include "common/judge/roc.h"

#include <stdlib.h>

static int by_score(const void *a, const void *b)
{
    double x = ((const struct scored *)a)->score, y = ((const struct scored *)b)->score;
    return (x > y) - (x < y);
}

void roc_sort(struct scored *scored, size_t count)
{
    qsort(scored, count, sizeof scored[0], by_score);
}

double roc_area(const struct scored *scored, size_t count)
{
    double below = 0, positives = 0, area = 0;
    for (size_t i = 0, next; i < count; i = next) {
        double level[2] = {0}; /* negatives and positives of one score */
        for (next = i; next < count && scored[next].score == scored[i].score; next++)
            level[scored[next].positive] += scored[next].weight;
        area += level[1] * (below + level[0] / 2);
        below += level[0], positives += level[1];
    }
    return area / (below * positives);
}
