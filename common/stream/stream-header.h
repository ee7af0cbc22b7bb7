/* The header of a record as text: shared by stream-read.c and stream-write.c, not for filters. */
#ifndef COMMON_STREAM_STREAM_HEADER_H
#define COMMON_STREAM_STREAM_HEADER_H

#include "common/stream/stream.h"

/* HEADER_PREFIX bytes: magic number, version 1.0, length of the text in two bytes, the low one first. */
enum { HEADER_PREFIX = 10, HEADER_TEXT_MOST = 65535, HEADER_ALIGNMENT = 64 };
extern const unsigned char header_magic[HEADER_PREFIX - 2];

/* Parses the text of a header, ended by '\0', into element, rank, shape, count and facts of the record.
 * Returns NULL, or what is wrong, in a static buffer. */
const char *header_parse(char *text, size_t length, struct record *record);

/* The whole header, prefix included; `*size` bytes. NULL when the facts do not fit. Caller frees. */
char *header_make(const struct record *record, uint32_t crc, size_t *size);

/* True when every fact is name=value with an encoded value. */
bool facts_are_valid(const char *facts);

#endif
