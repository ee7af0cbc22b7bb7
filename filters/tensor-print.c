/* tensor-print: headers, statistics and values of a tensor stream as text. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/fail.h"
#include "common/file.h"
#include "common/option.h"
#include "common/program.h"
#include "common/stream/statistics.h"
#include "common/stream/stream.h"

static bool quiet, values, text;
static long long count, wanted;

static const struct option options[] = {
    {'v', "values", OPTION_FLAG, &values, NULL, 0, 0,
     "Print the values too, a row of the last dimension a line"},
    {'n', "count", OPTION_INT, &count, "COUNT", 0, 1e18,
     "Print at most the first COUNT values of a record; 0: all"},
    {'r', "record", OPTION_INT, &wanted, "NUMBER", 0, 1e18, "Print this record only; 0: all"},
    {'t', "text", OPTION_FLAG, &text, NULL, 0, 0,
     "Print the bytes of |u1 records as they are, and nothing else"},
    {OPTION_QUIET(&quiet, "Print nothing: only check the stream")},
    {0},
};

static const struct program program = {
    "tensor-print", "[FILE ...]", "Print a tensor stream's headers, shapes, statistics and values as text",
    -1, options};

static void print_statistics(const struct record *record)
{
    struct statistics all = record_statistics(record);
    printf("%s  %zu value%s", values ? "#" : "", record->count, record->count == 1 ? "" : "s");
    if (all.finite && element_is_integer(record->element))
        printf(", min %" PRId64 ", max %" PRId64, all.integer_least, all.integer_most);
    else if (all.finite)
        printf(", min %.7g, max %.7g", all.least, all.most);
    if (all.finite) printf(", mean %.7g, std %.7g", all.mean, all.deviation);
    if (record->count) printf(", %.4g%% zeros", 100 * (double)all.zeros / (double)record->count);
    printf(", %zu NaN, %zu infinite\n", all.nans, all.infinite);
}

/* Prints the decoded facts, in quotes where they hold a space. */
static void print_facts(const struct record *record)
{
    char *name;
    for (size_t i = 0; (name = record_fact_name(record, i)); i++) {
        char *value = record_fact(record, name);
        make_printable(value);
        printf(strchr(value, ' ') ? " %s=\"%s\"" : " %s=%s", name, value);
        free(value);
        free(name);
    }
}

/* With enough digits to read the same value again. */
static void print_value(const struct record *record, size_t index)
{
    if (element_is_integer(record->element))
        printf("%" PRId64, record_integer(record, index));
    else
        printf("%.*g",
               record->element == ELEMENT_F8   ? 17
               : record->element == ELEMENT_F4 ? 9
                                               : 5,
               record_value(record, index));
}

static void print_values(const struct record *record)
{
    size_t most = count && (size_t)count < record->count ? (size_t)count : record->count;
    size_t row = record->rank ? record->shape[record->rank - 1] : 1;
    for (size_t i = 0; i < most; i++) {
        print_value(record, i);
        putchar((i + 1) % row && i + 1 < most ? ' ' : '\n');
    }
}

static void print_record(const struct record *record, const char *input, uint64_t number)
{
    char shape[TENSOR_RANK_MAX * 24];
    printf("%s%s%srecord %" PRIu64 ": %s %s", values ? "# " : "", input, *input ? ": " : "", number,
           element_name(record->element), record_shape_text(record, shape, sizeof shape));
    print_facts(record);
    putchar('\n');
    print_statistics(record);
    if (values) print_values(record);
}

static size_t print_text(const struct record *record)
{
    if (record->element != ELEMENT_U1) return 0;
    fwrite(record->data, 1, record->count, stdout);
    return 1;
}

/* Returns the number of records printed. */
static size_t print_stream(const char *path, const char *shown)
{
    size_t printed = 0;
    struct record record = {0};
    struct reader *reader = reader_open_or_die(path);
    while (reader_next_or_die(reader, &record)) {
        if (quiet || (wanted && reader_count(reader) != (uint64_t)wanted)) continue;
        if (text)
            printed += print_text(&record);
        else {
            print_record(&record, shown, reader_count(reader));
            printed++;
        }
    }
    reader_close(reader);
    record_free(&record);
    return printed;
}

int main(int argc, char **argv)
{
    int first = options_parse_or_die(&program, argc, argv);
    size_t printed = 0;
    if (first == argc) printed = print_stream("-", "");
    for (int i = first; i < argc; i++) printed += print_stream(argv[i], argc - first > 1 ? argv[i] : "");
    if (!printed && text && !quiet) die("no |u1 record to print as text");
    if (!printed && wanted && !quiet) die("no record %lld", wanted);
    stdout_close_or_die();
}
