/* Records put aside in a temporary file (spool_open_or_die in common/file.h), for a filter that must see
 * all of its input before the first record of its output, in memory that does not grow with the input. */
#ifndef COMMON_SPOOL_H
#define COMMON_SPOOL_H

#include <stdio.h>

#include "common/stream/stream.h"

/* Appends a record with its facts; returns where it begins. Reads and writes are not to be mixed. */
long spool_put_or_die(FILE *spool, const struct record *record);

/* Moves to a record, by what spool_put_or_die returned; 0 is the first. */
void spool_seek_or_die(FILE *spool, long where);

/* Reads the record here, in place of what `record` holds. Reading past the last one dies. */
void spool_get_or_die(FILE *spool, struct record *record);

#endif
