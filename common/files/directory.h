/* The files of a directory and of the directories in it, in an order that is the same on every machine. */
#ifndef COMMON_FILES_DIRECTORY_H
#define COMMON_FILES_DIRECTORY_H

struct directory;

/* `path` is a directory, or a file, which is then the only one, whatever its name. Of a directory
 * directory_next gives the files whose names end in one of `extensions` (".mid|.midi", in either case),
 * sorted by the bytes of their names, and symbolic links to such files. Names that begin with a dot are left
 * out, and symbolic links to directories are not followed, so that no file comes twice. */
struct directory *directory_open_or_die(const char *path, const char *extensions);

/* The path of the next file, or NULL after the last one. Where `*problem` is not NULL, it says why the file
 * or directory at the path could not be reached. Both texts last until the next call. */
const char *directory_next(struct directory *directory, const char **problem);

void directory_close(struct directory *directory);

#endif
