/* The files of a directory tree, by fts. */
#include "common/files/directory.h"

#include <errno.h>
#include <fts.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "common/fail.h"
#include "common/memory.h"

struct directory {
    FTS *tree;
    char *path, *extensions;
};

static int by_name(const FTSENT **a, const FTSENT **b)
{
    return strcmp((*a)->fts_name, (*b)->fts_name);
}

struct directory *directory_open_or_die(const char *path, const char *extensions)
{
    struct directory *directory = allocate_or_die(1, sizeof *directory);
    directory->path = text_or_die("%s", path);
    directory->extensions = text_or_die("%s", extensions);
    char *roots[] = {directory->path, NULL};
    directory->tree = fts_open(roots, FTS_PHYSICAL | FTS_COMFOLLOW | FTS_NOCHDIR, by_name);
    if (!directory->tree) die("%s: %s", path, strerror(errno));
    return directory;
}

static bool is_hidden(const FTSENT *entry)
{
    return entry->fts_level > FTS_ROOTLEVEL && entry->fts_name[0] == '.';
}

/* True when the name ends in one of the extensions and is more than that. */
static bool has_extension(const struct directory *directory, const FTSENT *entry)
{
    for (const char *word = directory->extensions; *word;) {
        size_t length = strcspn(word, "|");
        const char *ending = entry->fts_name + entry->fts_namelen - length;
        if (entry->fts_namelen > length && strncasecmp(ending, word, length) == 0) return true;
        word += length + (word[length] == '|');
    }
    return false;
}

/* Pipes and devices are left out. A dangling link is not: opening it gives the error message. */
static bool is_wanted(const struct directory *directory, const FTSENT *entry)
{
    if (entry->fts_level == FTS_ROOTLEVEL) return true;
    if (is_hidden(entry) || !has_extension(directory, entry)) return false;
    struct stat status;
    return stat(entry->fts_accpath, &status) != 0 || S_ISREG(status.st_mode);
}

const char *directory_next(struct directory *directory, const char **problem)
{
    FTSENT *entry;
    *problem = NULL;
    while (errno = 0, (entry = fts_read(directory->tree))) {
        switch (entry->fts_info) {
        case FTS_D:
            if (is_hidden(entry)) fts_set(directory->tree, entry, FTS_SKIP);
            break;
        case FTS_DNR:
        case FTS_ERR:
        case FTS_NS: *problem = strerror(entry->fts_errno); return entry->fts_path;
        case FTS_F:
        case FTS_SL:
        case FTS_SLNONE:
        case FTS_DEFAULT:
            if (is_wanted(directory, entry)) return entry->fts_path;
            break;
        default: break;
        }
    }
    if (errno == 0) return NULL;
    *problem = strerror(errno);
    return directory->path;
}

void directory_close(struct directory *directory)
{
    fts_close(directory->tree);
    free(directory->path);
    free(directory->extensions);
    free(directory);
}
