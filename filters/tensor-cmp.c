/* tensor-cmp: the first difference between two tensor streams, like cmp(1) for bytes. */
#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/fail.h"
#include "common/file.h"
#include "common/option.h"
#include "common/stream/stream.h"

enum { EXIT_DIFFERENT = 1, EXIT_TROUBLE = 2 };

static bool facts, quiet;
static double tolerance;

static const struct option options[] = {
    {'t', "tolerance", OPTION_REAL, &tolerance, "RATIO", 0, 1,
     "Largest difference of two values that counts as none, relative to the record's largest magnitude"},
    {'f', "facts", OPTION_FLAG, &facts, NULL, 0, 0, "Compare the facts too, all but crc32"},
    {OPTION_QUIET(&quiet, "Print nothing: the exit status tells")},
    {0},
};

static const struct program program = {"tensor-cmp", "A B",
                                       "Print the first difference between two tensor streams", 2, options};

static char **names; /* the two operands */

/* Prints a difference in one line and ends the program. */
_Noreturn static void __attribute__((format(printf, 1, 2))) differ(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    if (!quiet) {
        printf("%s %s differ: ", names[0], names[1]);
        vprintf(format, arguments);
        putchar('\n');
    }
    va_end(arguments);
    stdout_close_or_die();
    exit(EXIT_DIFFERENT);
}

static void compare_forms(const struct record *a, const struct record *b, uint64_t number)
{
    char shapes[2][TENSOR_RANK_MAX * 24];
    if (a->element != b->element)
        differ("record %" PRIu64 ": type %s and %s", number, element_name(a->element),
               element_name(b->element));
    if (a->rank != b->rank || memcmp(a->shape, b->shape, (size_t)a->rank * sizeof *a->shape) != 0)
        differ("record %" PRIu64 ": shape %s and %s", number,
               record_shape_text(a, shapes[0], sizeof shapes[0]),
               record_shape_text(b, shapes[1], sizeof shapes[1]));
}

/* Each fact of a must be in b, with the same value. */
static void compare_facts(const struct record *a, const struct record *b, uint64_t number)
{
    char *name;
    for (size_t i = 0; (name = record_fact_name(a, i)); i++) {
        char *value_a = record_fact(a, name), *value_b = record_fact(b, name);
        bool same = value_b && strcmp(value_a, value_b) == 0;
        if (!same && strcmp(name, "crc32") != 0) differ("record %" PRIu64 ": fact %s", number, name);
        free(value_a);
        free(value_b);
        free(name);
    }
}

static double largest_magnitude(const struct record *a, const struct record *b)
{
    double largest = 0;
    for (size_t i = 0; i < a->count; i++) {
        double magnitude = fmax(fabs(record_value(a, i)), fabs(record_value(b, i)));
        if (isfinite(magnitude)) largest = fmax(largest, magnitude);
    }
    return largest;
}

/* False for NaN, true for equal infinities. */
static bool within(const struct record *a, const struct record *b, size_t i, double allowed)
{
    if (element_is_integer(a->element)) {
        int64_t x = record_integer(a, i), y = record_integer(b, i);
        uint64_t difference = x > y ? (uint64_t)x - (uint64_t)y : (uint64_t)y - (uint64_t)x;
        return difference == 0 || (double)difference <= allowed;
    }
    double x = record_value(a, i), y = record_value(b, i);
    return x == y || (isfinite(x) && isfinite(y) && fabs(x - y) <= allowed);
}

_Noreturn static void differ_at(const struct record *a, const struct record *b, uint64_t number, size_t i)
{
    char index[TENSOR_RANK_MAX * 24];
    struct record place = {.rank = a->rank};
    for (size_t left = i, axis = (size_t)a->rank; axis-- > 0; left /= a->shape[axis])
        place.shape[axis] = left % a->shape[axis];
    record_shape_text(&place, index, sizeof index);
    if (element_is_integer(a->element))
        differ("record %" PRIu64 ": value %zu at %s: %" PRId64 " and %" PRId64, number, i + 1, index,
               record_integer(a, i), record_integer(b, i));
    int digits = a->element == ELEMENT_F8 ? 17 : 9; /* enough to tell neighbours apart */
    differ("record %" PRIu64 ": value %zu at %s: %.*g and %.*g", number, i + 1, index, digits,
           record_value(a, i), digits, record_value(b, i));
}

static void compare_values(const struct record *a, const struct record *b, uint64_t number)
{
    double allowed = tolerance > 0 ? tolerance * largest_magnitude(a, b) : 0;
    for (size_t i = 0; i < a->count; i++)
        if (!within(a, b, i, allowed)) differ_at(a, b, number, i);
}

/* Compares the next record of each stream; false when both have ended. */
static bool compare_next(struct reader *const readers[2], struct record records[2])
{
    bool more_a = reader_next_or_die(readers[0], &records[0]),
         more_b = reader_next_or_die(readers[1], &records[1]);
    uint64_t number = reader_count(readers[more_a ? 0 : 1]);
    if (more_a != more_b) differ("%s ends before record %" PRIu64, names[more_a ? 1 : 0], number);
    if (!more_a) return false;
    compare_forms(&records[0], &records[1], number);
    if (facts) compare_facts(&records[0], &records[1], number);
    if (facts) compare_facts(&records[1], &records[0], number);
    compare_values(&records[0], &records[1], number);
    return true;
}

int main(int argc, char **argv)
{
    data_exit_code = EXIT_TROUBLE;
    int first = options_parse_or_die(&program, argc, argv);
    if (argc - first < 2) die_usage("two streams are needed");
    names = argv + first;
    if (strcmp(names[0], "-") == 0 && strcmp(names[1], "-") == 0) die_usage("only one can be standard input");
    struct reader *readers[2] = {reader_open_or_die(names[0]), reader_open_or_die(names[1])};
    struct record records[2] = {{0}, {0}};
    while (compare_next(readers, records)) continue;
    for (int i = 0; i < 2; i++) reader_close(readers[i]);
    for (int i = 0; i < 2; i++) record_free(&records[i]);
}
