/* losses.tsv: a header, then a row an epoch with its number, the phase, every loss (nan where it was not
 * computed), the learning rates, records a second, seconds. */
#ifndef KERNELS_MODEL_TRAINING_LOSSES_WRITE_H
#define KERNELS_MODEL_TRAINING_LOSSES_WRITE_H

#include <stdio.h>

#include "kernels/model/loss.h"

struct losses_row {
    int64_t epoch;
    const char *phase;
    double losses[LOSSES]; /* means over the epoch */
    double learning_rate, learning_rate_disc;
    double records_per_second, seconds;
};

/* Opens FOLDER/losses.tsv to append. Rows of epochs behind `epochs`, which an interrupted run left, are
 * dropped. The columns are the first `losses` of enum loss. Caller closes. */
FILE *losses_write_open_or_die(const char *folder, int64_t epochs, int losses);

/* Writes the row and flushes it. */
void losses_write_row_or_die(FILE *table, const struct losses_row *row, int losses);

#endif
