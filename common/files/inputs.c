#include "common/files/inputs.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "common/fail.h"
#include "common/files/directory.h"
#include "common/memory.h"

struct operands {
    char **list;
    const char *extensions, *noun;
    struct walk *walk; /* of list[0] */
    const char *path;  /* the song that was handed out */
    size_t handed, skipped;
    size_t before; /* songs before this walk */
};

static char *standard_input[] = {"-", NULL};

struct operands *operands_open_or_die(char **list, const char *extensions, const char *noun)
{
    struct operands *operands = allocate_or_die(1, sizeof *operands);
    *operands =
        (struct operands){.list = *list ? list : standard_input, .extensions = extensions, .noun = noun};
    return operands;
}

/* The next song of the folder or file at list[0], or NULL. */
static const char *walk_on_or_die(struct operands *operands)
{
    const char *problem;
    if (!operands->walk) {
        operands->walk = walk_open_or_die(*operands->list, operands->extensions);
        operands->before = operands->handed;
    }
    while ((operands->path = walk_next(operands->walk, &problem))) {
        operands->handed++;
        if (!problem) return operands->path;
        operands_skip(operands, "%s", problem);
    }
    walk_close(operands->walk);
    operands->walk = NULL;
    if (operands->handed == operands->before) {
        operands->path = *operands->list;
        operands->handed++;
        operands_skip(operands, "no %s file in this folder", operands->noun);
    }
    return NULL;
}

const char *operands_next_or_die(struct operands *operands)
{
    for (; *operands->list; operands->list++) {
        if (strcmp(*operands->list, "-") != 0) {
            if (walk_on_or_die(operands)) return operands->path;
            continue;
        }
        operands->handed++;
        return operands->path = *operands->list++;
    }
    return NULL;
}

void operands_skip(struct operands *operands, const char *format, ...)
{
    va_list values;
    va_start(values, format);
    char *why = vtext_or_die(format, values);
    va_end(values);
    warn("%s: %s", operands->path, why);
    free(why);
    operands->skipped++;
}

size_t operands_used(const struct operands *operands)
{
    return operands->handed - operands->skipped;
}

bool operands_close(struct operands *operands, bool strict, bool quiet)
{
    size_t used = operands_used(operands), skipped = operands->skipped;
    if (!quiet && operands->handed > 1) warn("%zu song%s, %zu skipped", used, used == 1 ? "" : "s", skipped);
    free(operands);
    return used > 0 && !(strict && skipped > 0);
}
