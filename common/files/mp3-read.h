/* MP3 files to waves: decoded by libmpg123, resampled by libsoxr. */
#ifndef COMMON_FILES_MP3_READ_H
#define COMMON_FILES_MP3_READ_H

#include <stddef.h>

/* Decodes the MP3 that `descriptor` reads (a file or a pipe; it stays open) until there are `wanted` samples
 * at `rate` Hz or the song ends. wave: (2, wanted), planar; a mono song fills both rows. Returns the number
 * of samples in each row. `*broken` says what stopped the decoder before the end of the file, or is NULL.
 * Dies only when a library fails. */
size_t mp3_read_or_die(int descriptor, double rate, float *wave, size_t wanted, const char **broken);

#endif
