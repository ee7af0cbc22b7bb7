/* Tensor streams: records in NumPy's .npy format 1.0, facts in a comment behind the header's dict.
 * tensor-stream(5) describes the format. Little-endian machines only.
 *
 * The reader checks every header before it uses its numbers, and allocates memory as bytes arrive. A broken
 * stream ends the program with
 * "program: input: record N at byte M: what is wrong" and exit 1.
 */
#ifndef COMMON_STREAM_STREAM_H
#define COMMON_STREAM_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { TENSOR_RANK_MAX = 8 };

enum element { ELEMENT_F4, ELEMENT_F2, ELEMENT_F8, ELEMENT_I4, ELEMENT_I8, ELEMENT_U1 };

/* Bytes of one element. */
size_t element_size(enum element element);

/* NumPy's name of the type: "<f4". */
const char *element_name(enum element element);

/* A tensor with its facts. Initialise with {0}; each reading into the same record uses its memory again. The
 * record owns what its pointers point to; record_free frees it. */
struct record {
    enum element element;
    int rank;
    size_t shape[TENSOR_RANK_MAX];
    size_t count;    /* elements: the product of shape */
    void *data;      /* count elements, C order */
    size_t capacity; /* bytes at data */
    char *facts;     /* "name=value name=value", values percent-encoded; NULL: none */
};

void record_free(struct record *record);

/* Makes the record an f4 tensor of this shape (data not initialised, facts kept); returns its values. */
float *record_shape_or_die(struct record *record, int rank, const size_t *shape);

/* The decoded value of a fact, or NULL. Caller frees. */
char *record_fact(const struct record *record, const char *name);

/* The name of fact `index`, counted from 0, or NULL past the last one. Caller frees. */
char *record_fact_name(const struct record *record, size_t index);

/* The value as a number, or `fallback` when the fact is missing or not a finite number. */
double record_fact_number(const struct record *record, const char *name, double fallback);

/* Sets or replaces a fact; the value is percent-encoded as needed. */
void record_set_fact(struct record *record, const char *name, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

void record_remove_fact(struct record *record, const char *name);

/* Replaces the facts by a copy of those of `source`. */
void record_copy_facts(struct record *record, const struct record *source);

/* True when kind=`kind`. */
bool record_is(const struct record *record, const char *kind);

/* A number that tells songs apart: FNV-1a of the fact source, 64 bits; 0 without one. */
uint64_t record_song(const struct record *record);

/* Turns the data into f4 in place, from any real type. */
float *record_floats(struct record *record);

/* True for <i4, <i8 and |u1. */
bool element_is_integer(enum element element);

/* Element `index`: of any type as a double, which rounds an <i8 beyond 2^53; of an integer type exactly. */
double record_value(const struct record *record, size_t index);
int64_t record_integer(const struct record *record, size_t index);

/* "(2, 33, 500)" into text; returns text. */
char *record_shape_text(const struct record *record, char *text, size_t size);

struct reader;

/* Opens a file, or standard input for "-" or NULL. */
struct reader *reader_open_or_die(const char *path);

/* Reads the next record; false at the end of the input, which may be several streams one after the other. End
 * records are checked and not returned. */
bool reader_next_or_die(struct reader *reader, struct record *record);

/* As reader_next_or_die, then converts the values to f4; one that is not finite ends the program. */
bool reader_next_finite_or_die(struct reader *reader, struct record *record);

/* Converts the record that reader_next_or_die returned last in the same way; returns its values. */
float *reader_finite_or_die(const struct reader *reader, struct record *record);

/* "program: input: record N at byte M: message", exit 1: for a valid record that the filter cannot take. */
_Noreturn void reader_die(const struct reader *reader, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* The same line as a warning; returns. */
void reader_warn(const struct reader *reader, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Records returned so far, which is the number of the last one, counted from 1. */
uint64_t reader_count(const struct reader *reader);

void reader_close(struct reader *reader);

struct writer;

/* Opens an output: "-" or NULL is standard output (a terminal is refused, exit 2); a file is written under
 * a temporary name beside it and takes its own name in writer_close_or_die, so nobody sees half of it. */
struct writer *writer_open_or_die(const char *path);

/* Writes a record with its facts and a crc32. */
void writer_put_or_die(struct writer *writer, const struct record *record);

/* Writes several records in their order; computes their checksums in parallel. */
void writer_put_all_or_die(struct writer *writer, const struct record *records, int count);

/* Writes the end record, flushes (a file also to the disk), checks, renames, frees. */
void writer_close_or_die(struct writer *writer);

/* Gives up an output: a file is removed, standard output stays without an end record. Files of writers that
 * are still open when the program exits are removed too. */
void writer_abandon(struct writer *writer);

#endif
