/* Runs a function in a child process, for what exits or prints. */
#ifndef TESTS_CHILD_H
#define TESTS_CHILD_H

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* How it ended: its exit status, or minus the signal; what it printed. */
struct outcome {
    int status;
    char out[4096], err[4096];
};

static inline int child_capture(int descriptor)
{
    FILE *file = tmpfile();
    int kept = dup(fileno(file));
    dup2(kept, descriptor);
    fclose(file);
    return kept;
}

static inline void child_collect(int descriptor, char *text, size_t size)
{
    lseek(descriptor, 0, SEEK_SET);
    ssize_t got = read(descriptor, text, size - 1);
    text[got > 0 ? got : 0] = '\0';
    close(descriptor);
}

static inline struct outcome child_run(void (*function)(const void *), const void *argument)
{
    struct outcome outcome = {0};
    fflush(NULL);
    int kept_out = dup(STDOUT_FILENO), kept_err = dup(STDERR_FILENO), status;
    int out = child_capture(STDOUT_FILENO), err = child_capture(STDERR_FILENO);
    pid_t child = fork();
    if (child == 0) {
        function(argument);
        exit(EXIT_SUCCESS);
    }
    waitpid(child, &status, 0);
    dup2(kept_out, STDOUT_FILENO);
    dup2(kept_err, STDERR_FILENO);
    close(kept_out);
    close(kept_err);
    child_collect(out, outcome.out, sizeof outcome.out);
    child_collect(err, outcome.err, sizeof outcome.err);
    outcome.status = WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
    return outcome;
}

#endif
