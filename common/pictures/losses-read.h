/* The table losses.tsv of gan-train: a line an epoch, separated by tabs, epoch and phase first. */
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
    char *phases[PHASES_MOST]; /* gan-train's three, then others in order; NULL after the last */
};

/* Reads a file, or standard input for "-" or NULL. A table that is malformed or has no epoch ends the program
 * with "program: FILE: line N: what is wrong" and exit 1. losses_free frees the result. */
struct losses *losses_read_or_die(const char *path);

void losses_free(struct losses *losses);

#endif
