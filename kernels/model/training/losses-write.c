/* Writes the table of losses. */
#include "kernels/model/training/losses-write.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/fail.h"
#include "common/file.h"
#include "common/memory.h"

static void write_header(FILE *table, int losses)
{
    fprintf(table, "epoch\tphase");
    for (int i = 0; i < losses; i++) fprintf(table, "\t%s", loss_names[i]);
    fprintf(table, "\tlearning_rate\tlearning_rate_disc\trecords_per_second\tseconds\n");
}

/* Copies the rows of epochs up to `epochs` from the table at the path, if there is one. */
static void keep_rows(FILE *table, const char *path, int64_t epochs)
{
    FILE *old = fopen(path, "r");
    char *line = NULL;
    size_t size = 0;
    long long epoch;
    if (!old) return;
    while (getline(&line, &size, old) > 0) {
        if (sscanf(line, "%lld\t", &epoch) == 1 && epoch <= epochs && strchr(line, '\n')) fputs(line, table);
    }
    free(line);
    fclose(old);
}

FILE *losses_write_open_or_die(const char *folder, int64_t epochs, int losses)
{
    char *path = text_or_die("%s/losses.tsv", folder);
    struct whole_file *whole = whole_file_open_or_die(path);
    write_header(whole_file_stream(whole), losses);
    keep_rows(whole_file_stream(whole), path, epochs);
    whole_file_close_or_die(whole);
    FILE *table = fopen(path, "a");
    if (!table) die("%s: %s", path, strerror(errno));
    free(path);
    return table;
}

void losses_write_row_or_die(FILE *table, const struct losses_row *row, int losses)
{
    fprintf(table, "%lld\t%s", (long long)row->epoch, row->phase);
    for (int i = 0; i < losses; i++) fprintf(table, "\t%.7g", row->losses[i]);
    fprintf(table, "\t%g\t%g\t%.2f\t%.3f\n", row->learning_rate, row->learning_rate_disc,
            row->records_per_second, row->seconds);
    if (fflush(table) || ferror(table)) die("losses.tsv: %s", strerror(errno));
}
