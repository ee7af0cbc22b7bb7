/* The header of a record, between stream-read.c and stream-write.c; not for filters. */
#ifndef COMMON_STREAM_STREAM_HEADER_H
#define COMMON_STREAM_STREAM_HEADER_H

#include "common/stream/stream.h"

/* Magic, version 1.0, the text's length in two bytes, low byte first. */
enum { HEADER_PREFIX = 10, HEADER_TEXT_MOST = 65535, HEADER_ALIGNMENT = 64 };
extern const unsigned char header_magic[HEADER_PREFIX - 2];

/* Parses a header's text (ends in '\0', may be changed) into element, rank, shape, count and facts. Returns
 * NULL, or what is wrong, in a static buffer. */
const char *header_parse(char *text, size_t length, struct record *record);

/* The whole header, prefix included; `*size` bytes. NULL when the facts do not fit. Caller frees. */
char *header_make(const struct record *record, uint32_t crc, size_t *size);

/* True when every fact is name=value with an encoded value. */
bool facts_are_valid(const char *facts);

#endif
