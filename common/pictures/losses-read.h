/* losses.tsv, which gan-train writes: an epoch a line, tabs between the columns, the first of which are epoch
 * and phase. */
#ifndef COMMON_PICTURES_LOSSES_READ_H
#define COMMON_PICTURES_LOSSES_READ_H

#include <stddef.h>

enum { PHASES_MOST = 8, LOSSES_MOST = 200 };

struct losses {
    size_t epochs, count;
    char **names;              /* (count), of the columns behind epoch and phase */
    double *epoch;             /* (epochs), ascending */
    int *phase;                /* (epochs), an index of `phases` */
    double *values;            /* (count, epochs); NaN: not computed */
    char *phases[PHASES_MOST]; /* gan-train's three first, then others as they come; NULL behind the last */
};

/* Reads a file, or standard input for "-" or NULL. Anything that is no such table, and one without an epoch,
 * is "program: FILE: line N: what is wrong" and exit 1. Caller frees with losses_free. */
struct losses *losses_read_or_die(const char *path);

void losses_free(struct losses *losses);

#endif
