/* Writing a tensor stream: every record with its crc32, the end record last. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/checksum.h"
#include "common/fail.h"
#include "common/file.h"
#include "common/memory.h"
#include "common/stream/stream-header.h"

struct writer {
    struct whole_file *whole; /* NULL: standard output */
    FILE *file;
    char *name;
    uint64_t count;
};

struct writer *writer_open_or_die(const char *path)
{
    struct writer *writer = allocate_or_die(1, sizeof *writer);
    if (path && strcmp(path, "-") != 0) {
        writer->whole = whole_file_open_or_die(path);
        writer->file = whole_file_stream(writer->whole);
        writer->name = text_or_die("%s", path);
    } else {
        if (isatty(STDOUT_FILENO))
            die_usage("standard output is a terminal: redirect it to a file or a pipe");
        writer->file = stdout;
        writer->name = text_or_die("standard output");
    }
    return writer;
}

static void write_or_die(struct writer *writer, const void *data, size_t bytes)
{
    if (bytes && fwrite(data, 1, bytes, writer->file) != bytes) die("%s: %s", writer->name, strerror(errno));
}

static size_t record_bytes(const struct record *record)
{
    return record->count * element_size(record->element);
}

/* The header with the checksum of the data, *size bytes; NULL when the facts do not fit. Caller frees. */
static char *record_header(const struct record *record, size_t *size)
{
    return header_make(record, checksum_crc32(0, record->data, record_bytes(record)), size);
}

/* Frees the header. */
static void put_or_die(struct writer *writer, const struct record *record, char *header, size_t size)
{
    unsigned long long number = writer->count + 1;
    if (!header) die("%s: record %llu: its facts do not fit a header", writer->name, number);
    write_or_die(writer, header, size);
    write_or_die(writer, record->data, record_bytes(record));
    free(header);
}

void writer_put_or_die(struct writer *writer, const struct record *record)
{
    writer_put_all_or_die(writer, record, 1);
}

void writer_put_all_or_die(struct writer *writer, const struct record *records, int count)
{
    char **headers = allocate_or_die((size_t)count, sizeof headers[0]);
    size_t *sizes = allocate_or_die((size_t)count, sizeof sizes[0]);
#pragma omp parallel for schedule(dynamic) if (count > 1)
    for (int i = 0; i < count; i++) headers[i] = record_header(&records[i], &sizes[i]);
    for (int i = 0; i < count; i++, writer->count++) put_or_die(writer, &records[i], headers[i], sizes[i]);
    free(headers);
    free(sizes);
}

static void free_writer(struct writer *writer)
{
    free(writer->name);
    free(writer);
}

void writer_close_or_die(struct writer *writer)
{
    struct record end = {.rank = 1};
    record_set_fact(&end, "kind", "end");
    record_set_fact(&end, "records", "%llu", (unsigned long long)writer->count);
    size_t size = 0;
    char *header = record_header(&end, &size);
    put_or_die(writer, &end, header, size);
    record_free(&end);
    if (writer->whole)
        whole_file_close_or_die(writer->whole);
    else
        stdout_close_or_die();
    free_writer(writer);
}

void writer_abandon(struct writer *writer)
{
    if (writer->whole) whole_file_abandon(writer->whole);
    free_writer(writer);
}
