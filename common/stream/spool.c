/* A temporary file of records: a binary header, the facts and the data of each. */
#include "common/stream/spool.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/fail.h"
#include "common/memory.h"

/* Precedes the facts and the data of each record. */
struct spool_header {
    enum element element;
    int rank;
    size_t shape[TENSOR_RANK_MAX];
    size_t count;
    size_t facts; /* bytes, the final 0 included; 0: no facts */
};

FILE *spool_open_or_die(void)
{
    const char *folder = getenv("TMPDIR");
    char *path = text_or_die("%s/musigan-XXXXXX", folder && *folder ? folder : "/tmp");
    int descriptor = mkostemp(path, O_CLOEXEC);
    FILE *spool = descriptor < 0 ? NULL : fdopen(descriptor, "w+");
    if (!spool) die("%s: %s", path, strerror(errno));
    unlink(path);
    free(path);
    return spool;
}

static void put_or_die(FILE *spool, const void *bytes, size_t size)
{
    if (size > 0 && fwrite(bytes, size, 1, spool) != 1) die("temporary file: %s", strerror(errno));
}

static void get_or_die(FILE *spool, void *bytes, size_t size)
{
    if (size > 0 && fread(bytes, size, 1, spool) != 1)
        die("temporary file: %s", ferror(spool) ? strerror(errno) : "it ends too early");
}

long spool_put_or_die(FILE *spool, const struct record *record)
{
    struct spool_header header = {.element = record->element, .rank = record->rank, .count = record->count};
    memcpy(header.shape, record->shape, sizeof header.shape);
    header.facts = record->facts ? strlen(record->facts) + 1 : 0;

    long where = ftell(spool);
    if (where < 0) die("temporary file: %s", strerror(errno));
    put_or_die(spool, &header, sizeof header);
    put_or_die(spool, record->facts, header.facts);
    put_or_die(spool, record->data, record->count * element_size(record->element));
    return where;
}

void spool_seek_or_die(FILE *spool, long where)
{
    if (fseek(spool, where, SEEK_SET) != 0) die("temporary file: %s", strerror(errno));
}

void spool_get_or_die(FILE *spool, struct record *record)
{
    struct spool_header header;
    get_or_die(spool, &header, sizeof header);
    record->element = header.element;
    record->rank = header.rank;
    record->count = header.count;
    memcpy(record->shape, header.shape, sizeof header.shape);

    free(record->facts);
    record->facts = header.facts > 0 ? allocate_or_die(header.facts, 1) : NULL;
    get_or_die(spool, record->facts, header.facts);

    size_t size = header.count * element_size(header.element);
    if (size > record->capacity) {
        record->data = reallocate_or_die(record->data, size, 1);
        record->capacity = size;
    }
    get_or_die(spool, record->data, size);
}
