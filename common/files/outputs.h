/* Outputs that are files of their own, songs and pictures, and not records of a stream: a single one goes to
 * standard output or to a file, several go to numbered files. */
#ifndef COMMON_FILES_OUTPUTS_H
#define COMMON_FILES_OUTPUTS_H

#include <stddef.h>

#include "common/stream/stream.h"

struct outputs;

/* `output` is "-", the name of a file, or a name in which %d, %3d or %03d becomes the number of the output.
 * `noun` ("song") and `example` ("song-%03d.mp3") stand in messages. All three must outlive the outputs. A
 * name with another conversion or a second one, and a terminal as standard output, end with exit 2. */
struct outputs *outputs_open_or_die(const char *output, const char *noun, const char *example);

/* Takes an output made of the reader's last record: `size` bytes, which it frees. A numbered file is written
 * at once, a single output by outputs_close_or_die; a second one then ends the program. `reader` stands in
 * that message and may be NULL in a program that makes only one output. */
void outputs_put_or_die(struct outputs *outputs, const struct reader *reader, void *bytes, size_t size);

/* Call at the end of the stream, when the stream is known to be complete: writes a single output and frees.
 * Dies when there was no output; `input` (NULL: standard input) stands in that message. */
void outputs_close_or_die(struct outputs *outputs, const char *input);

#endif
