/* Reading losses.tsv, the table of losses that gan-train writes. */
#include "common/pictures/losses-read.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/fail.h"
#include "common/memory.h"
#include "common/number.h"

static const char *const usual_phases[] = {"generator", "discriminator", "adversarial"};

/* The table while it is read: a row of 2 + losses numbers for each epoch, the second being the index of the
 * phase. */
struct table {
    struct losses *losses;
    const char *name;
    FILE *file;
    size_t line;
    char *text; /* of the line, without its end */
    size_t size;
    double *rows; /* (epochs, 2 + count) */
};

static _Noreturn void table_die(const struct table *table, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void table_die(const struct table *table, const char *format, ...)
{
    va_list values;
    va_start(values, format);
    die("%s: line %zu: %s", table->name, table->line, vtext_or_die(format, values));
}

/* False at the table's end. */
static bool next_line_or_die(struct table *table)
{
    errno = 0;
    ssize_t length = getline(&table->text, &table->size, table->file);
    if (length < 0 && !feof(table->file)) die("%s: %s", table->name, strerror(errno));
    if (length < 0) return false;
    table->line++;
    if (strlen(table->text) != (size_t)length) table_die(table, "a zero byte is no text");
    if (table->text[length - 1] != '\n') table_die(table, "cut short");
    table->text[length - 1] = '\0';
    return true;
}

static void read_names_or_die(struct table *table)
{
    struct losses *losses = table->losses;
    char *rest = table->text;
    if (strncmp(rest, "epoch\tphase\t", 12) != 0) table_die(table, "does not begin with epoch and phase");
    losses->names = allocate_or_die(LOSSES_MOST, sizeof *losses->names);
    for (rest += 12; rest;) {
        if (losses->count == LOSSES_MOST) table_die(table, "more than %d losses", LOSSES_MOST);
        losses->names[losses->count++] = text_or_die("%s", strsep(&rest, "\t"));
    }
}

static int phase_or_die(const struct table *table, const char *word)
{
    char **phases = table->losses->phases;
    for (int i = 0; i < PHASES_MOST; i++) {
        if (!phases[i]) phases[i] = text_or_die("%s", word);
        if (strcmp(phases[i], word) == 0) return i;
    }
    table_die(table, "more than %d phases", PHASES_MOST);
}

/* nan and -nan are valid: a phase does not compute every loss. */
static double number_or_die(const struct table *table, const char *column, const char *text)
{
    double number;
    if (strcmp(text, "nan") == 0 || strcmp(text, "-nan") == 0) return NAN;
    if (!parse_real(text, &number) || fabs(number) > 1e100)
        table_die(table, "%s=%s is no number", column, text);
    return number;
}

static void read_row_or_die(struct table *table)
{
    struct losses *losses = table->losses;
    size_t columns = 2 + losses->count, found = 0;
    double *row = table->rows + losses->epochs * columns;
    for (char *rest = table->text, *cell; (cell = strsep(&rest, "\t")); found++) {
        if (found == columns) table_die(table, "more than %zu columns", columns);
        if (found == 1)
            row[1] = phase_or_die(table, cell);
        else
            row[found] = number_or_die(table, found ? losses->names[found - 2] : "epoch", cell);
    }
    if (found < columns) table_die(table, "%zu columns, not %zu", found, columns);
    if (row[0] > 1e15) table_die(table, "epoch %g is too large", row[0]);
    if (!(row[0] > (losses->epochs ? row[-(long)columns] : -1)))
        table_die(table, "epoch %g does not come after the one before", row[0]);
    losses->epochs++;
}

/* From rows to columns. */
static void transpose(struct losses *losses, const double *rows)
{
    losses->epoch = allocate_or_die(losses->epochs, sizeof *losses->epoch);
    losses->phase = allocate_or_die(losses->epochs, sizeof *losses->phase);
    losses->values = allocate_or_die(losses->epochs * losses->count, sizeof *losses->values);
    for (size_t i = 0; i < losses->epochs; i++) {
        const double *row = rows + i * (2 + losses->count);
        losses->epoch[i] = row[0];
        losses->phase[i] = (int)row[1];
        for (size_t loss = 0; loss < losses->count; loss++)
            losses->values[loss * losses->epochs + i] = row[2 + loss];
    }
}

struct losses *losses_read_or_die(const char *path)
{
    bool standard = !path || strcmp(path, "-") == 0;
    struct table table = {.losses = allocate_or_die(1, sizeof *table.losses),
                          .name = standard ? "standard input" : path,
                          .file = standard ? stdin : fopen(path, "r")};
    size_t capacity = 0;
    if (!table.file) die("%s: %s", table.name, strerror(errno));
    for (int i = 0; i < 3; i++) table.losses->phases[i] = text_or_die("%s", usual_phases[i]);
    if (!next_line_or_die(&table)) die("%s: empty", table.name);
    read_names_or_die(&table);
    while (next_line_or_die(&table)) {
        if (table.losses->epochs == capacity) {
            capacity = 2 * capacity + 64;
            table.rows =
                reallocate_or_die(table.rows, capacity, (2 + table.losses->count) * sizeof *table.rows);
        }
        read_row_or_die(&table);
    }
    if (table.losses->epochs == 0) die("%s: no epoch in it", table.name);
    transpose(table.losses, table.rows);
    if (!standard) fclose(table.file);
    free(table.text);
    free(table.rows);
    return table.losses;
}

void losses_free(struct losses *losses)
{
    for (size_t i = 0; i < losses->count; i++) free(losses->names[i]);
    for (int i = 0; i < PHASES_MOST; i++) free(losses->phases[i]);
    free(losses->names);
    free(losses->epoch);
    free(losses->phase);
    free(losses->values);
    free(losses);
}
