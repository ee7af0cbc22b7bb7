/* Inputs: the songs that the operands of a program name, which are files, directories, or "-" for standard
 * input, also without operands. A song that cannot be used is reported, skipped and counted. */
#ifndef COMMON_FILES_INPUTS_H
#define COMMON_FILES_INPUTS_H

#include <stdbool.h>
#include <stddef.h>

struct inputs;

/* `list`: the operands, NULL after the last; `extensions` (".mid|.midi"): of the songs in a directory; `noun`
 * ("MIDI"): of these songs in messages. All three must outlive the inputs. */
struct inputs *inputs_open_or_die(char **list, const char *extensions, const char *noun);

/* The next song's path, or "-"; NULL after the last one. It lasts until the next call. */
const char *inputs_next_or_die(struct inputs *inputs);

/* Reports why the song that was returned last cannot be used, and counts it as skipped. */
void inputs_skip(struct inputs *inputs, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Songs returned and not skipped. */
size_t inputs_used(const struct inputs *inputs);

/* Reports how many songs there were, unless `quiet` or there was one, and frees. False when none could be
 * used or, with `strict`, when any was skipped. */
bool inputs_close(struct inputs *inputs, bool strict, bool quiet);

#endif
