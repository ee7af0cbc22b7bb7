/* What becomes a file of its own and not a record of a stream: songs, pictures. One goes to standard output
 * or to a file, several to numbered files. */
#ifndef COMMON_FILES_OUTPUTS_H
#define COMMON_FILES_OUTPUTS_H

#include <stddef.h>

#include "common/stream/stream.h"

struct outputs;

/* `output` is "-", a file's name, or one in which %d, %3d or %03d becomes the piece's number. `noun` ("song")
 * and `example` ("song-%03d.mp3") stand in messages; both must outlive the outputs. A name with another
 * conversion or a second one, and a terminal as standard output, end the program with exit 2. */
struct outputs *outputs_open_or_die(const char *output, const char *noun, const char *example);

/* Takes the piece made of the reader's last record, `size` bytes that free() gives back. A numbered file is
 * written at once; any other output only by outputs_close_or_die, and a second piece for it dies. A program
 * that never has a second one may have no reader (NULL). */
void outputs_put_or_die(struct outputs *outputs, const struct reader *reader, void *bytes, size_t size);

/* For the end of the stream, when it is known to be whole and the piece the only one: writes what waits,
 * checks, frees. Dies when there was no piece; `input` (NULL: standard input) stands in that message. */
void outputs_close_or_die(struct outputs *outputs, const char *input);

#endif
