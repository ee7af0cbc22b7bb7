/* CRC-32 by zlib. */
#include "common/checksum.h"

#include <zlib.h>

uint32_t checksum_crc32(uint32_t crc, const void *bytes, size_t size)
{
    if (size == 0) return crc; /* zlib takes NULL for a new beginning */
    return (uint32_t)crc32_z(crc, bytes, size);
}
