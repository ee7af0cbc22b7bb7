/* CRC-32, the checksum of zlib, gzip and PNG, of bytes in memory. */
#ifndef COMMON_CHECKSUM_H
#define COMMON_CHECKSUM_H

#include <stddef.h>
#include <stdint.h>

/* The checksum of everything that led to `crc` and then `size` bytes; crc is 0 at first. */
uint32_t checksum_crc32(uint32_t crc, const void *bytes, size_t size);

#endif
