/* Songs in MP3: decoded by libmpg123, resampled by libsoxr. */
#ifndef COMMON_FILES_MP3_READ_H
#define COMMON_FILES_MP3_READ_H

#include <stddef.h>

/* Decodes the MP3 that `descriptor` reads (a file or a pipe; it stays open) until `wanted` samples at `rate`
 * Hz are there or the song ends. wave: (2, wanted), planar; a mono song comes twice. Returns how many samples
 * of each row were filled; `*broken` is what stopped the decoder before the file's end, or NULL. Dies only
 * when a library cannot work at all. */
size_t mp3_read_or_die(int descriptor, double rate, float *wave, size_t wanted, const char **broken);

#endif
