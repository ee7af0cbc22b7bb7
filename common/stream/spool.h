/* A temporary file of records, for a filter that must read all of its input before it writes the first record
 * of its output, in memory that does not grow with the input. */
#ifndef COMMON_STREAM_SPOOL_H
#define COMMON_STREAM_SPOOL_H

#include <stdio.h>

#include "common/stream/stream.h"

/* An unlinked temporary file in $TMPDIR (or /tmp), for reading and writing; fclose frees it. */
FILE *spool_open_or_die(void);

/* Appends a record with its facts; returns its position in the file. Between writing and reading stands a
 * spool_seek_or_die. */
long spool_put_or_die(FILE *spool, const struct record *record);

/* Moves to the record at a position that spool_put_or_die returned; 0 is the first record. */
void spool_seek_or_die(FILE *spool, long where);

/* Reads the record at the current position into `record`, over its old content. Reading past the last record
 * dies. */
void spool_get_or_die(FILE *spool, struct record *record);

#endif
