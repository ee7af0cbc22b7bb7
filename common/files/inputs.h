/* The songs that a program's inputs name: files, folders with the folders in them, "-", or standard input
 * when there are none. A song that cannot be used is named, skipped and counted, and the others go on. */
#ifndef COMMON_FILES_INPUTS_H
#define COMMON_FILES_INPUTS_H

#include <stdbool.h>
#include <stddef.h>

struct inputs;

/* `list` ends in NULL; `extensions` (".mid|.midi") are what counts in a folder, `noun` ("MIDI") is what they
 * are called. All three must outlive the inputs. */
struct inputs *inputs_open_or_die(char **list, const char *extensions, const char *noun);

/* The next song's path, or "-"; NULL after the last one. It lasts until the next call. */
const char *inputs_next_or_die(struct inputs *inputs);

/* The song that was just handed out is none: says why, and counts it. */
void inputs_skip(struct inputs *inputs, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Songs handed out and not skipped. */
size_t inputs_used(const struct inputs *inputs);

/* Says how many songs there were, unless `quiet` or there was one, and frees. False when there was none to
 * use or, where `strict`, when any was skipped. */
bool inputs_close(struct inputs *inputs, bool strict, bool quiet);

#endif
