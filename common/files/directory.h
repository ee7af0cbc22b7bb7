/* The files of a folder and of the folders in it, in an order that is the same on every machine. */
#ifndef COMMON_WALK_H
#define COMMON_WALK_H

struct walk;

/* `path` is a folder, or a file, which is then the only one, whatever its name. In a folder the walk finds
 * the files whose names end in one of `extensions` (".mid|.midi", in either case), sorted by their bytes, and
 * symbolic links to such files; it leaves out names that begin with a dot, and it follows no symbolic link to
 * a folder, so that no file comes twice. */
struct walk *walk_open_or_die(const char *path, const char *extensions);

/* The next file's path, or NULL after the last one. When `*problem` is not NULL, the path is a file or a
 * folder that could not be reached, and why. Both texts belong to the walk and last until the next call. */
const char *walk_next(struct walk *walk, const char **problem);

void walk_close(struct walk *walk);

#endif
