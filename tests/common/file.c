/* Files that appear whole or not at all; messages; progress. */
#include "common/file.h"

#include <dirent.h>
#include <signal.h>
#include <sys/stat.h>

#include "common/fail.h"
#include "common/progress.h"
#include "common/stream/spool.h"
#include "tests/child.h"
#include "tests/tap.h"

static char folder[] = "/tmp/musigan-file.XXXXXX";

/* The content of a file in the folder, "" when there is none. */
static const char *content(const char *name)
{
    static char text[100];
    FILE *file = fopen(name, "r");
    text[file ? fread(text, 1, sizeof text - 1, file) : 0] = '\0';
    if (file) fclose(file);
    return text;
}

static int count_files(void)
{
    int files = 0;
    DIR *here = opendir(".");
    for (struct dirent *entry; (entry = readdir(here));) files += *entry->d_name != '.';
    closedir(here);
    return files;
}

static void write_whole(const char *name, const char *text)
{
    struct whole_file *file = whole_file_open_or_die(name);
    fputs(text, whole_file_stream(file));
    whole_file_close_or_die(file);
}

static void test_whole_file(void)
{
    struct stat status;
    umask(027);
    struct whole_file *file = whole_file_open_or_die("a");
    fputs("one", whole_file_stream(file));
    fflush(whole_file_stream(file));
    ok(access("a", F_OK) != 0 && count_files() == 1, "a temporary name until it is closed");
    whole_file_close_or_die(file);
    ok(strcmp(content("a"), "one") == 0 && count_files() == 1, "then its own");
    ok(stat("a", &status) == 0 && (status.st_mode & 0777) == 0640, "with the permissions of any new file");
    chmod("a", 0604);
    write_whole("a", "two");
    ok(strcmp(content("a"), "two") == 0 && stat("a", &status) == 0 && (status.st_mode & 0777) == 0604,
       "a file replaced keeps its permissions");
    ok(symlink("a", "link") == 0, "a symbolic link");
    write_whole("link", "three");
    ok(lstat("link", &status) == 0 && S_ISLNK(status.st_mode) && strcmp(content("a"), "three") == 0,
       "stays, and the file behind it is replaced");
    file = whole_file_open_or_die("a");
    fputs("four", whole_file_stream(file));
    whole_file_abandon(file);
    ok(strcmp(content("a"), "three") == 0 && count_files() == 2, "an abandoned file leaves the old one");
    write_whole("/dev/null", "five");
    ok(stat("/dev/null", &status) == 0 && S_ISCHR(status.st_mode), "a device is written in place");
}

static void leave_open(const void *how)
{
    struct whole_file *file = whole_file_open_or_die("b");
    fputs("text", whole_file_stream(file));
    int number = *(const int *)how;
    if (number > 0) raise(number);
    if (number < 0) write_whole("/dev/full", "text");
}

static void keep_own_handler(const void *unused)
{
    (void)unused;
    signal(SIGINT, SIG_IGN);
    struct whole_file *file = whole_file_open_or_die("c");
    raise(SIGINT);
    fputs("text", whole_file_stream(file));
    whole_file_close_or_die(file);
}

static void open_in_nowhere(const void *unused)
{
    (void)unused;
    whole_file_open_or_die("no/such/folder");
}

static void test_ends(void)
{
    static const int signals[] = {SIGINT, SIGTERM, SIGHUP, SIGPIPE};
    int before = count_files(), end = 0;
    ok(child_run(leave_open, &end).status == 0 && count_files() == before, "a file open at exit is removed");
    for (int i = 0; i < 4; i++)
        ok(child_run(leave_open, &signals[i]).status == -signals[i] && count_files() == before,
           "a file open at signal %d is removed, and the signal ends the program", signals[i]);
    end = -1;
    struct outcome full = child_run(leave_open, &end);
    ok(full.status == EXIT_DATA && strcmp(full.err, "musigan: /dev/full: No space left on device\n") == 0 &&
           count_files() == before,
       "a full disk is an error, and removes the rest");
    ok(child_run(keep_own_handler, NULL).status == 0 && strcmp(content("c"), "text") == 0,
       "a signal that the program ignores stays ignored");
    unlink("c");
    struct outcome nowhere = child_run(open_in_nowhere, NULL);
    ok(nowhere.status == EXIT_DATA &&
           strcmp(nowhere.err, "musigan: no/such/folder: No such file or directory\n") == 0,
       "no such folder");
}

static void open_spool_in(const void *place)
{
    setenv("TMPDIR", place, 1);
    FILE *spool = spool_open_or_die();
    fputs("text", spool);
    rewind(spool);
    putchar(fgetc(spool));
}

static void test_spool(void)
{
    int before = count_files();
    struct outcome got = child_run(open_spool_in, ".");
    ok(got.status == 0 && strcmp(got.out, "t") == 0 && count_files() == before,
       "a spool is read back and has no name");
    ok(child_run(open_spool_in, "/no/such").status == EXIT_DATA, "TMPDIR is used");
}

static void show_progress(const void *unused)
{
    (void)unused;
    progress_begin("songs", 4, true, false);
    progress_show(1, "now %s", "x\ny");
    progress_show(2, NULL);
    warn("one\nline\033[2J");
    progress_end();
    progress_show(3, NULL);
}

static void show_no_progress(const void *forced)
{
    progress_begin("songs", 4, *(const bool *)forced, true);
    progress_show(1, NULL);
    progress_end();
    progress_begin("songs", 4, false, false);
    progress_show(1, NULL);
    progress_end();
}

static void test_progress(void)
{
    bool forced = true;
    struct outcome shown = child_run(show_progress, NULL);
    static const char line[] = "\rmusigan: 25%, 1/4 songs, 0:00 left, now x?y\r";
    ok(strncmp(shown.err, line, sizeof line - 1) == 0, "progress on one line");
    ok(!strstr(shown.err, "2/4") && !strstr(shown.err, "3/4"),
       "not more than ten times a second, not after its end");
    ok(strstr(shown.err, " \rmusigan: one?line?[2J\n") != NULL,
       "a message clears the line and is one line itself");
    ok(!*child_run(show_no_progress, &forced).err, "none with -q, none where nobody looks");
}

int main(void)
{
    if (!mkdtemp(folder) || chdir(folder) != 0) return 1;
    test_whole_file();
    test_ends();
    test_spool();
    test_progress();
    unlink("a");
    unlink("link");
    ok(rmdir(folder) == 0, "nothing is left behind");
    return done();
}
