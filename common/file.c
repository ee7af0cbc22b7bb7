/* Files that appear whole or not at all: written under a temporary name, flushed to the disk, renamed. */
#include "common/file.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/fail.h"
#include "common/memory.h"

struct whole_file {
    struct whole_file *next;
    FILE *stream;
    char *path;      /* symbolic links resolved: the link stays, its target is replaced */
    char *temporary; /* NULL: a device or a pipe, written in place */
};

static struct whole_file *open_files;
static const int fatal_signals[] = {SIGINT, SIGTERM, SIGHUP, SIGPIPE};
enum { FATAL_SIGNALS = sizeof fatal_signals / sizeof *fatal_signals };

static void remove_temporary_files(void)
{
    for (struct whole_file *file = open_files; file; file = file->next)
        if (file->temporary) unlink(file->temporary);
}

static void remove_and_end(int number)
{
    remove_temporary_files();
    signal(number, SIG_DFL);
    raise(number);
}

/* Leaves signals alone that the program ignores or handles. */
static void catch_signals(void)
{
    static bool caught;
    if (caught) return;
    caught = true;
    atexit(remove_temporary_files);
    for (int i = 0; i < FATAL_SIGNALS; i++) {
        struct sigaction action;
        sigaction(fatal_signals[i], NULL, &action);
        if (action.sa_handler == SIG_DFL) signal(fatal_signals[i], remove_and_end);
    }
}

/* remove_and_end, the signal handler, reads the list: it must not run while the list changes. */
static sigset_t signals_block(void)
{
    sigset_t fatal, before;
    sigemptyset(&fatal);
    for (int i = 0; i < FATAL_SIGNALS; i++) sigaddset(&fatal, fatal_signals[i]);
    pthread_sigmask(SIG_BLOCK, &fatal, &before);
    return before;
}

static void signals_restore(sigset_t before)
{
    pthread_sigmask(SIG_SETMASK, &before, NULL);
}

/* The permissions that the file has, or that a new one would get. */
static mode_t permissions(const char *path)
{
    struct stat status;
    if (stat(path, &status) == 0) return status.st_mode & 0777;
    mode_t mask = umask(0);
    umask(mask);
    return 0666 & ~mask;
}

static int open_temporary(struct whole_file *file)
{
    file->temporary = text_or_die("%s.part-XXXXXX", file->path);
    int descriptor = mkostemp(file->temporary, O_CLOEXEC);
    if (descriptor < 0 || fchmod(descriptor, permissions(file->path)) == 0) return descriptor;
    unlink(file->temporary);
    close(descriptor);
    return -1;
}

struct whole_file *whole_file_open_or_die(const char *path)
{
    struct stat status;
    struct whole_file *file = allocate_or_die(1, sizeof *file);
    file->path = realpath(path, NULL);
    bool device = file->path && stat(file->path, &status) == 0 && !S_ISREG(status.st_mode);
    if (!file->path) file->path = text_or_die("%s", path);
    catch_signals();
    sigset_t before = signals_block();
    int descriptor = device ? open(file->path, O_WRONLY | O_CLOEXEC) : open_temporary(file);
    file->stream = descriptor < 0 ? NULL : fdopen(descriptor, "w");
    if (!file->stream) die("%s: %s", path, strerror(errno));
    file->next = open_files;
    open_files = file;
    signals_restore(before);
    return file;
}

FILE *whole_file_stream(struct whole_file *file)
{
    return file->stream;
}

static void forget(struct whole_file *file)
{
    sigset_t before = signals_block();
    struct whole_file **link = &open_files;
    while (*link != file) link = &(*link)->next;
    *link = file->next;
    signals_restore(before);
    free(file->temporary);
    free(file->path);
    free(file);
}

/* Else a power failure may lose the new name. Not every file system allows it: a failure is no error. */
static void flush_folder(const char *path)
{
    char *copy = text_or_die("%s", path);
    int folder = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    free(copy);
    if (folder < 0) return;
    fsync(folder);
    close(folder);
}

void whole_file_close_or_die(struct whole_file *file)
{
    bool good = fflush(file->stream) == 0 && !ferror(file->stream);
    if (good && file->temporary) good = fsync(fileno(file->stream)) == 0;
    if (fclose(file->stream) != 0) good = false;
    if (good && file->temporary) good = rename(file->temporary, file->path) == 0;
    if (!good) die("%s: %s", file->path, strerror(errno));
    if (file->temporary) flush_folder(file->path);
    forget(file);
}

void whole_file_abandon(struct whole_file *file)
{
    fclose(file->stream);
    if (file->temporary) unlink(file->temporary);
    forget(file);
}

void stdout_close_or_die(void)
{
    errno = 0;
    bool good = fflush(stdout) == 0 && !ferror(stdout);
    if (fclose(stdout) != 0) good = false;
    if (!good) die("standard output: %s", errno ? strerror(errno) : "writing failed");
}
