/* Reading a tensor stream: headers are checked before use, and memory grows with the bytes that arrive. */
#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/checksum.h"
#include "common/fail.h"
#include "common/memory.h"
#include "common/number.h"
#include "common/stream/stream-header.h"

enum { FIRST_BLOCK = 1 << 20 };

struct reader {
    FILE *file;
    char *name;
    char *text;        /* of the current header */
    uint64_t offset;   /* bytes read */
    uint64_t start;    /* offset at which the current record begins */
    uint64_t count;    /* records returned */
    uint64_t since;    /* records returned since the last end record */
    uint64_t unmarked; /* of those, how many came before the first record with a kind */
    bool marked;       /* a record with a kind came since the last end record: another end record must come */
    bool ended;        /* an end record was seen */
    bool returned;     /* the current record was returned, and counted in `count` */
};

struct reader *reader_open_or_die(const char *path)
{
    bool standard = !path || strcmp(path, "-") == 0;
    struct reader *reader = allocate_or_die(1, sizeof *reader);
    reader->file = standard ? stdin : fopen(path, "rbe");
    if (!reader->file) die("%s: %s", path, strerror(errno));
    reader->name = text_or_die("%s", standard ? "standard input" : path);
    reader->text = allocate_or_die(HEADER_TEXT_MOST + 1, 1);
    return reader;
}

void reader_close(struct reader *reader)
{
    if (reader->file != stdin) fclose(reader->file);
    free(reader->name);
    free(reader->text);
    free(reader);
}

uint64_t reader_count(const struct reader *reader)
{
    return reader->count;
}

/* The message with the input, number and byte of the record: the one just returned, or the one being read. */
static char *locate(const struct reader *reader, const char *format, va_list values)
{
    char *message = vtext_or_die(format, values);
    char *text = text_or_die("%s: record %llu at byte %llu: %s", reader->name,
                             (unsigned long long)(reader->count + !reader->returned),
                             (unsigned long long)reader->start, message);
    free(message);
    return text;
}

void reader_die(const struct reader *reader, const char *format, ...)
{
    va_list values;
    va_start(values, format);
    char *text = locate(reader, format, values);
    va_end(values);
    die("%s", text);
}

void reader_warn(const struct reader *reader, const char *format, ...)
{
    va_list values;
    va_start(values, format);
    char *text = locate(reader, format, values);
    va_end(values);
    warn("%s", text);
    free(text);
}

/* Reads up to `size` bytes; fewer only at the end of the file. */
static size_t read_bytes(struct reader *reader, void *bytes, size_t size)
{
    size_t got = fread(bytes, 1, size, reader->file);
    reader->offset += got;
    if (got < size && ferror(reader->file)) reader_die(reader, "%s", strerror(errno));
    return got;
}

/* False at the end of the file. */
static bool read_header(struct reader *reader, struct record *record)
{
    unsigned char prefix[HEADER_PREFIX];
    reader->start = reader->offset;
    reader->returned = false;
    size_t got = read_bytes(reader, prefix, sizeof prefix);
    if (got == 0) return false;
    size_t compare = got < 6 ? got : 6;
    if (memcmp(prefix, header_magic, compare) != 0) reader_die(reader, "not a NumPy array (wrong magic)");
    if (got < sizeof prefix) reader_die(reader, "cut short in the header");
    if (memcmp(prefix, header_magic, sizeof header_magic) != 0)
        reader_die(reader, "format version %d.%d; only 1.0 is supported", prefix[6], prefix[7]);
    size_t length = prefix[8] | (size_t)prefix[9] << 8;
    got = read_bytes(reader, reader->text, length);
    if (got < length) reader_die(reader, "cut short in the header (%zu of %zu bytes)", got, length);
    reader->text[length] = '\0';
    const char *wrong = header_parse(reader->text, length, record);
    if (wrong) reader_die(reader, "%s", wrong);
    return true;
}

/* Memory doubles as bytes arrive: a false header cannot make the program allocate more. */
static void read_data(struct reader *reader, struct record *record)
{
    size_t size = element_size(record->element), bytes = record->count * size, arrived = 0;
    while (arrived < bytes || !record->data) {
        if (arrived == record->capacity || !record->data) {
            size_t room = 2 * arrived > FIRST_BLOCK ? 2 * arrived : FIRST_BLOCK;
            record->capacity = room < bytes ? room : bytes;
            record->data = reallocate_or_die(record->data, record->capacity, 1);
        }
        size_t wanted = (record->capacity < bytes ? record->capacity : bytes) - arrived;
        size_t got = read_bytes(reader, (char *)record->data + arrived, wanted);
        arrived += got;
        if (got < wanted) reader_die(reader, "cut short (%zu of %zu values)", arrived / size, record->count);
    }
}

static void check_crc(const struct reader *reader, const struct record *record)
{
    char *text = record_fact(record, "crc32");
    if (!text) return;
    if (strlen(text) != 8 || strspn(text, "0123456789abcdefABCDEF") != 8)
        reader_die(reader, "crc32 is not eight hex digits");
    unsigned long wanted = strtoul(text, NULL, 16);
    free(text);
    unsigned long got = checksum_crc32(0, record->data, record->count * element_size(record->element));
    if (got != wanted)
        reader_die(reader, "damaged: the data have crc32 %08lx, the header says %08lx", got, wanted);
}

/* records=N may leave out the records before the first with a kind: `cat` can put a file of NumPy's there. */
static void check_end(struct reader *reader, const struct record *record)
{
    long long records;
    char *text = record_fact(record, "records");
    if (record->rank != 1 || record->count != 0) reader_die(reader, "an end record whose shape is not (0,)");
    if (!text || !parse_integer(text, &records) || records < 0)
        reader_die(reader, "an end record without records=N");
    free(text);
    if ((uint64_t)records > reader->since || (uint64_t)records < reader->since - reader->unmarked)
        reader_die(reader, "the end record says %lld records, %llu came", records,
                   (unsigned long long)reader->since);
    reader->since = reader->unmarked = 0;
    reader->marked = false;
    reader->ended = true;
}

static void count_record(struct reader *reader, const struct record *record)
{
    char *kind = record_fact(record, "kind");
    if (kind) reader->marked = true;
    free(kind);
    if (!reader->marked) reader->unmarked++;
    reader->count++;
    reader->since++;
    reader->returned = true;
}

bool reader_next_or_die(struct reader *reader, struct record *record)
{
    while (read_header(reader, record)) {
        read_data(reader, record);
        check_crc(reader, record);
        if (!record_is(record, "end")) {
            count_record(reader, record);
            return true;
        }
        check_end(reader, record);
    }
    if (reader->count == 0 && !reader->ended) die("%s: empty: no record", reader->name);
    if (reader->marked) reader_die(reader, "the end record is missing: the stream was cut short");
    return false;
}

float *reader_finite_or_die(const struct reader *reader, struct record *record)
{
    float *values = record_floats(record);
    for (size_t i = 0; i < record->count; i++)
        if (!isfinite(values[i])) reader_die(reader, "value %zu is %f", i + 1, (double)values[i]);
    return values;
}

bool reader_next_finite_or_die(struct reader *reader, struct record *record)
{
    if (!reader_next_or_die(reader, record)) return false;
    reader_finite_or_die(reader, record);
    return true;
}
