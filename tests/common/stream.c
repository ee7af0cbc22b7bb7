/* Tensor streams written and read back: every type and rank, facts, conversions, what the reader checks. */
#include "common/stream/stream.h"

#include <stdint.h>

#include "common/fail.h"
#include "tests/child.h"
#include "tests/tap.h"

static char folder[] = "/tmp/musigan-stream.XXXXXX";
static char path[64];

/* A record whose bytes are 1, 2, 3 … */
static struct record make_record(enum element element, int rank, const size_t *shape)
{
    struct record record = {0};
    record_shape_or_die(&record, rank, shape);
    free(record.data);
    record.element = element;
    record.capacity = record.count * element_size(element);
    record.data = malloc(record.capacity + 1);
    for (size_t i = 0; i < record.capacity; i++) ((unsigned char *)record.data)[i] = (unsigned char)(i + 1);
    return record;
}

static bool same(const struct record *a, const struct record *b)
{
    return a->element == b->element && a->rank == b->rank && a->count == b->count &&
           memcmp(a->shape, b->shape, (size_t)a->rank * sizeof *a->shape) == 0 &&
           memcmp(a->data, b->data, a->count * element_size(a->element)) == 0;
}

static void test_round_trip(void)
{
    static const size_t shape[TENSOR_RANK_MAX] = {3, 2, 1, 4, 1, 2, 1, 3}, empty[] = {0},
                        large[] = {3, 1000003};
    const struct {
        int rank;
        const size_t *shape;
    } forms[] = {{0, shape}, {1, shape}, {2, shape}, {3, shape}, {TENSOR_RANK_MAX, shape},
                 {1, empty}, {2, large}};
    enum { FORMS = sizeof forms / sizeof *forms };
    struct writer *writer = writer_open_or_die(path);
    for (int i = 0; i < FORMS * 6; i++) {
        struct record record = make_record((enum element)(i % 6), forms[i / 6].rank, forms[i / 6].shape);
        record_set_fact(&record, "kind", "test");
        record_set_fact(&record, "number", "%d", i);
        writer_put_or_die(writer, &record);
        record_free(&record);
    }
    ok(access(path, F_OK) != 0, "the file is not there before it is closed");
    writer_close_or_die(writer);
    struct record got = {0};
    struct reader *reader = reader_open_or_die(path);
    bool good = true;
    for (int i = 0; i < FORMS * 6; i++) {
        struct record wanted = make_record((enum element)(i % 6), forms[i / 6].rank, forms[i / 6].shape);
        good = good && reader_next_or_die(reader, &got) && same(&got, &wanted) &&
               record_fact_number(&got, "number", -1) == i && record_is(&got, "test");
        record_free(&wanted);
    }
    ok(good, "every type and rank comes back with its facts");
    ok(!reader_next_or_die(reader, &got) && reader_count(reader) == FORMS * 6, "then the end");
    ok(!reader_next_or_die(reader, &got), "and the end stays the end");
    reader_close(reader);
    record_free(&got);
}

/* numpy.load, file and head -n1 on what test_round_trip wrote. */
static void test_others_read(void)
{
    static const char numpy[] = "/usr/bin/python3 -c 'import sys, numpy as np\n"
                                "file = open(sys.argv[1], \"rb\")\n"
                                "kinds = \"f4 f2 f8 i4 i8 u1\".split()\n"
                                "for i in range(42):\n"
                                "    array = np.load(file)\n"
                                "    data = np.frombuffer(array.tobytes(), \"u1\")\n"
                                "    assert array.dtype == kinds[i % 6]\n"
                                "    assert (data == (np.arange(data.size) + 1) % 256).all()\n"
                                "assert np.load(file).shape == (0,) and not file.read()'";
    char command[1000];
    snprintf(command, sizeof command, "%s %s", numpy, path);
    ok(system(command) == 0, "numpy.load reads every record and the end");
    snprintf(command, sizeof command, "file %s | grep -q 'NumPy .*version 1.0'", path);
    ok(system(command) == 0, "file knows it");
    snprintf(command, sizeof command, "head -n1 %s | grep -aq \"'shape': (), } # kind=test number=0 crc32=\"",
             path);
    ok(system(command) == 0, "head -n1 shows the header");
    snprintf(command, sizeof command, "test $(($(head -n1 %s | wc -c) %% 64)) -eq 0", path);
    ok(system(command) == 0, "a header is a multiple of 64 bytes");
}

static void fact_is(const struct record *record, const char *name, const char *wanted)
{
    char *got = record_fact(record, name);
    ok(got ? wanted && strcmp(got, wanted) == 0 : !wanted, "fact %s is %s", name,
       wanted ? "as set" : "not there");
    free(got);
}

static void test_facts(void)
{
    static const char awkward[] = "Dvořák (live) {100%} 'x' \"y\" #1\t\n\x01\x7f.mp3";
    struct record record = {0}, copy = {0};
    fact_is(&record, "kind", NULL);
    record_remove_fact(&record, "kind");
    record_set_fact(&record, "kind", "keys");
    record_set_fact(&record, "source", "%s", awkward);
    record_set_fact(&record, "interval", "%g", 0.02);
    fact_is(&record, "source", awkward);
    ok(strpbrk(record.facts, "()[]{}'\"#\t\n") == NULL, "nothing in the clear that could end a comment");
    record_set_fact(&record, "kind", "%s", "");
    fact_is(&record, "kind", "");
    record_set_fact(&record, "kind", "wave");
    fact_is(&record, "kind", "wave");
    fact_is(&record, "ind", NULL);
    fact_is(&record, "kin", NULL);
    ok(record_is(&record, "wave") && !record_is(&record, "wav"), "record_is");
    ok(record_fact_number(&record, "interval", 1) == 0.02, "a fact as a number");
    ok(record_fact_number(&record, "kind", 7) == 7 && record_fact_number(&record, "none", 8) == 8,
       "or the fallback");
    char *name = record_fact_name(&record, 2);
    ok(name && strcmp(name, "interval") == 0 && !record_fact_name(&record, 3), "names by index");
    free(name);
    record_copy_facts(&copy, &record);
    record_remove_fact(&record, "source");
    ok(strcmp(record.facts, "kind=wave interval=0.02") == 0, "a fact removed from the middle");
    record_remove_fact(&record, "interval");
    ok(strcmp(record.facts, "kind=wave") == 0, "from the end");
    record_remove_fact(&record, "kind");
    ok(!*record.facts, "the last one");
    fact_is(&copy, "source", awkward);
    record_copy_facts(&copy, &record);
    fact_is(&copy, "source", NULL);
    record_free(&record);
    record_free(&copy);
}

/* The value of IEEE 754 half precision by its definition. */
static double half_value(unsigned half)
{
    unsigned exponent = half >> 10 & 31, fraction = half & 1023;
    double value = exponent == 31  ? (fraction ? (double)NAN : (double)INFINITY)
                   : exponent == 0 ? ldexp(fraction, -24)
                                   : ldexp(1024 + fraction, (int)exponent - 25);
    return half & 0x8000 ? -value : value;
}

static void test_halves(void)
{
    struct record record = make_record(ELEMENT_F2, 1, (size_t[]){65536});
    for (unsigned i = 0; i < 65536; i++) ((uint16_t *)record.data)[i] = (uint16_t)i;
    bool values = true, floats = true;
    for (unsigned i = 0; i < 65536; i++) {
        double wanted = half_value(i), got = record_value(&record, i);
        values = values && (isnan(wanted) ? isnan(got) : got == wanted && !signbit(got) == !signbit(wanted));
    }
    const float *got = record_floats(&record);
    for (unsigned i = 0; i < 65536; i++) {
        double wanted = half_value(i);
        floats = floats && (isnan(wanted) ? isnan(got[i])
                                          : (double)got[i] == wanted && !signbit(got[i]) == !signbit(wanted));
    }
    ok(values, "record_value of all 65536 halves");
    ok(floats && record.element == ELEMENT_F4, "record_floats of all 65536 halves, in place");
    record_free(&record);
}

#define TEST_FLOATS(TYPE, ELEMENT, ...)                                                                      \
    do {                                                                                                     \
        const TYPE values[] = {__VA_ARGS__};                                                                 \
        enum { COUNT = sizeof values / sizeof *values };                                                     \
        struct record record = make_record(ELEMENT, 1, (size_t[]){COUNT});                                   \
        memcpy(record.data, values, sizeof values);                                                          \
        const float *got = record_floats(&record);                                                           \
        bool good = record.element == ELEMENT_F4 && record.count == COUNT;                                   \
        for (int i = 0; i < COUNT; i++) good = good && got[i] == (float)values[i];                           \
        ok(good, "record_floats of " #TYPE);                                                                 \
        record_free(&record);                                                                                \
    } while (0)

static void test_floats(void)
{
    TEST_FLOATS(float, ELEMENT_F4, 0, 1.5f, -3e38f);
    TEST_FLOATS(double, ELEMENT_F8, 0, 1.5, -1e300, 1e-300, 0.1);
    TEST_FLOATS(int32_t, ELEMENT_I4, 0, INT32_MIN, INT32_MAX, -7);
    TEST_FLOATS(int64_t, ELEMENT_I8, 0, INT64_MIN, INT64_MAX, -7, 1);
    TEST_FLOATS(uint8_t, ELEMENT_U1, 0, 255, 128, 7, 9);
    struct record empty = make_record(ELEMENT_U1, 1, (size_t[]){0});
    ok(record_floats(&empty) != NULL && empty.element == ELEMENT_F4, "record_floats of nothing");
    record_free(&empty);
    struct record exact = make_record(ELEMENT_I8, 1, (size_t[]){1});
    *(int64_t *)exact.data = INT64_MAX - 1;
    ok(record_integer(&exact, 0) == INT64_MAX - 1, "record_integer is exact");
    record_free(&exact);
}

static void test_shapes(void)
{
    char text[40];
    struct record record = {0};
    record_set_fact(&record, "kind", "x");
    float *values = record_shape_or_die(&record, 2, (size_t[]){3, 5});
    ok(values && record.count == 15 && record.rank == 2 && record_is(&record, "x"), "record_shape_or_die");
    ok(strcmp(record_shape_text(&record, text, sizeof text), "(3, 5)") == 0, "(3, 5)");
    ok(record_shape_or_die(&record, 1, (size_t[]){4}) == values, "memory is used again");
    ok(strcmp(record_shape_text(&record, text, sizeof text), "(4,)") == 0, "(4,)");
    record_shape_or_die(&record, 0, NULL);
    ok(record.count == 1 && strcmp(record_shape_text(&record, text, sizeof text), "()") == 0, "()");
    ok(strcmp(record_shape_text(&(struct record){.rank = 3, .shape = {111, 222, 333}}, text, 8), "(111, 2") ==
           0,
       "a short buffer cuts the text");
    record_free(&record);
}

static void write_and_read_finite(const void *value)
{
    struct record record = {0};
    struct writer *writer = writer_open_or_die(path);
    record_shape_or_die(&record, 1, (size_t[]){3});
    for (int i = 0; i < 3; i++) ((float *)record.data)[i] = i == 1 ? *(const float *)value : 0;
    writer_put_or_die(writer, &record);
    writer_close_or_die(writer);
    struct reader *reader = reader_open_or_die(path);
    while (reader_next_finite_or_die(reader, &record)) continue;
    reader_close(reader);
    record_free(&record);
}

static void test_finite(void)
{
    char wanted[200];
    float values[] = {1, NAN, INFINITY};
    ok(child_run(write_and_read_finite, &values[0]).status == 0, "finite values are read");
    snprintf(wanted, sizeof wanted, "musigan: %s: record 1 at byte 0: value 2 is nan\n", path);
    struct outcome got = child_run(write_and_read_finite, &values[1]);
    ok(got.status == EXIT_DATA && strcmp(got.err, wanted) == 0, "NaN is refused, by place");
    got = child_run(write_and_read_finite, &values[2]);
    ok(got.status == EXIT_DATA && strstr(got.err, "value 2 is inf\n"), "infinity is refused");
}

static void test_abandon(void)
{
    unlink(path);
    struct writer *writer = writer_open_or_die(path);
    writer_abandon(writer);
    ok(access(path, F_OK) != 0, "an abandoned file never appears");
}

static void put_huge_facts(const void *unused)
{
    (void)unused;
    struct record record = {0};
    struct writer *writer = writer_open_or_die(path);
    record_shape_or_die(&record, 0, NULL);
    record_set_fact(&record, "source", "%070000d", 0);
    writer_put_or_die(writer, &record);
}

static void test_huge_facts(void)
{
    struct outcome got = child_run(put_huge_facts, NULL);
    ok(got.status == EXIT_DATA && strstr(got.err, "record 1: its facts do not fit a header\n"),
       "facts beyond a header");
    ok(access(path, F_OK) != 0, "and no file");
}

int main(void)
{
    if (!mkdtemp(folder)) return 1;
    snprintf(path, sizeof path, "%s/stream", folder);
    test_round_trip();
    test_others_read();
    test_facts();
    test_halves();
    test_floats();
    test_shapes();
    test_finite();
    test_abandon();
    test_huge_facts();
    unlink(path);
    ok(rmdir(folder) == 0, "no temporary file is left behind");
    return done();
}
