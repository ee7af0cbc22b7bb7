/* The files of a folder and of the folders in it, in an order that is the same on every machine. */
#ifndef COMMON_FILES_DIRECTORY_H
#define COMMON_FILES_DIRECTORY_H

struct directory;

/* `path` is a folder, or a file, which is then the only one, whatever its name. In a folder the directory
 * finds the files whose names end in one of `extensions` (".mid|.midi", in either case), sorted by their
 * bytes, and symbolic links to such files; it leaves out names that begin with a dot, and it follows no
 * symbolic link to a folder, so that no file comes twice. */
struct directory *directory_open_or_die(const char *path, const char *extensions);

/* The next file's path, or NULL after the last one. When `*problem` is not NULL, the path is a file or a
 * folder that could not be reached, and why. Both texts belong to the directory and last until the next call.
 */
const char *directory_next(struct directory *directory, const char **problem);

void directory_close(struct directory *directory);

#endif
