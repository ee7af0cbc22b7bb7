/* The songs that a program's operands name: files, folders with the folders in them, "-", or standard input
 * when there are none. A song that cannot be used is named, skipped and counted, and the others go on. */
#ifndef COMMON_OPERANDS_H
#define COMMON_OPERANDS_H

#include <stdbool.h>
#include <stddef.h>

struct operands;

/* `list` ends in NULL; `extensions` (".mid|.midi") are what counts in a folder, `noun` ("MIDI") is what they
 * are called. All three must outlive the operands. */
struct operands *operands_open_or_die(char **list, const char *extensions, const char *noun);

/* The next song's path, or "-"; NULL after the last one. It lasts until the next call. */
const char *operands_next_or_die(struct operands *operands);

/* The song that was just handed out is none: says why, and counts it. */
void operands_skip(struct operands *operands, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Songs handed out and not skipped. */
size_t operands_used(const struct operands *operands);

/* Says how many songs there were, unless `quiet` or there was one, and frees. False when there was none to
 * use or, where `strict`, when any was skipped. */
bool operands_close(struct operands *operands, bool strict, bool quiet);

#endif
