/* Title and comment of an output file. */
#include "common/files/tags.h"

#include <stdlib.h>
#include <string.h>

#include "common/memory.h"

/* The length of a file name without the extension of a song. */
static size_t stem_length(const char *name)
{
    static const char *const extensions[] = {".mp3", ".mid", ".midi"};
    size_t length = strlen(name);
    for (size_t i = 0; i < sizeof extensions / sizeof *extensions; i++) {
        size_t ending = strlen(extensions[i]);
        if (length > ending && strcasecmp(name + length - ending, extensions[i]) == 0) return length - ending;
    }
    return length;
}

char *tags_title_or_die(const struct record *record)
{
    char *source = record_fact(record, "source"), *title = NULL;
    if (source && strcmp(source, "-") != 0) {
        const char *slash = strrchr(source, '/'), *name = slash ? slash + 1 : source;
        title = text_or_die("%.*s", (int)stem_length(name), name);
    }
    free(source);
    return title;
}

char *tags_comment_or_die(const struct record *record)
{
    char *seed = record_fact(record, "seed"), *score = record_fact(record, "score");
    char *comment = text_or_die("made by MusiGAN%s%s%s%s", seed ? ", seed " : "", seed ? seed : "",
                                score ? ", score " : "", score ? score : "");
    free(seed);
    free(score);
    return comment;
}
