/* The operands of a program that reads songs: files, directories, standard input. */
#include "common/files/inputs.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "common/fail.h"
#include "common/files/directory.h"
#include "common/memory.h"

struct inputs {
    char **list; /* operands that are left, the current one first */
    const char *extensions, *noun;
    struct directory *directory; /* of list[0] */
    const char *path;            /* of the song that was returned last */
    size_t returned, skipped;    /* songs */
    size_t before;               /* songs returned before this directory */
};

static char *standard_input[] = {"-", NULL};

struct inputs *inputs_open_or_die(char **list, const char *extensions, const char *noun)
{
    struct inputs *inputs = allocate_or_die(1, sizeof *inputs);
    *inputs = (struct inputs){.list = *list ? list : standard_input, .extensions = extensions, .noun = noun};
    return inputs;
}

/* The next song of the folder or file at list[0], or NULL. */
static const char *next_of_directory_or_die(struct inputs *inputs)
{
    const char *problem;
    if (!inputs->directory) {
        inputs->directory = directory_open_or_die(*inputs->list, inputs->extensions);
        inputs->before = inputs->returned;
    }
    while ((inputs->path = directory_next(inputs->directory, &problem))) {
        inputs->returned++;
        if (!problem) return inputs->path;
        inputs_skip(inputs, "%s", problem);
    }
    directory_close(inputs->directory);
    inputs->directory = NULL;
    if (inputs->returned == inputs->before) {
        inputs->path = *inputs->list;
        inputs->returned++;
        inputs_skip(inputs, "no %s file in this folder", inputs->noun);
    }
    return NULL;
}

const char *inputs_next_or_die(struct inputs *inputs)
{
    for (; *inputs->list; inputs->list++) {
        if (strcmp(*inputs->list, "-") != 0) {
            if (next_of_directory_or_die(inputs)) return inputs->path;
            continue;
        }
        inputs->returned++;
        return inputs->path = *inputs->list++;
    }
    return NULL;
}

void inputs_skip(struct inputs *inputs, const char *format, ...)
{
    va_list values;
    va_start(values, format);
    char *why = vtext_or_die(format, values);
    va_end(values);
    warn("%s: %s", inputs->path, why);
    free(why);
    inputs->skipped++;
}

size_t inputs_used(const struct inputs *inputs)
{
    return inputs->returned - inputs->skipped;
}

bool inputs_close(struct inputs *inputs, bool strict, bool quiet)
{
    size_t used = inputs_used(inputs), skipped = inputs->skipped;
    if (!quiet && inputs->returned > 1) warn("%zu song%s, %zu skipped", used, used == 1 ? "" : "s", skipped);
    free(inputs);
    return used > 0 && !(strict && skipped > 0);
}
