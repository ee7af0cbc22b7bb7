/* Files for writing that appear whole under their name or not at all. */
#ifndef COMMON_FILE_H
#define COMMON_FILE_H

#include <stdio.h>

/* Opens `path` for writing under a temporary name in the same folder. */
struct whole_file;
struct whole_file *whole_file_open_or_die(const char *path);
FILE *whole_file_stream(struct whole_file *file);

/* Flushes to the disk, checks, renames to `path`, flushes the folder, frees. */
void whole_file_close_or_die(struct whole_file *file);

/* Removes the temporary file, frees. Files still open at exit, and on SIGINT, SIGTERM, SIGHUP and SIGPIPE
 * where the program does not catch them itself, are removed too. */
void whole_file_abandon(struct whole_file *file);

/* Flushes standard output and checks that everything arrived; a closed pipe ends the program by SIGPIPE. */
void stdout_close_or_die(void);

#endif
