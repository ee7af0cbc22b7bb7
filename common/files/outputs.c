/* Output files of songs and pictures, numbered or a single one. */
#include "common/files/outputs.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/fail.h"
#include "common/file.h"
#include "common/memory.h"

struct outputs {
    const char *output, *noun, *example;
    unsigned long long count;
    void *bytes; /* of a single output, until the end of the stream; NULL where files are numbered */
    size_t size;
};

/* The name of a file: %d, %3d or %03d in `output` becomes the number. NULL for another conversion or a second
 * one. Caller frees. */
static char *output_name(const char *output, unsigned long long number)
{
    const char *percent = strchr(output, '%');
    if (!percent) return text_or_die("%s", output);
    const char *rest = percent + 1;
    bool zeros = *rest == '0';
    int width = 0, before = (int)(percent - output);
    for (; isdigit((unsigned char)*rest) && width < 20; rest++) width = 10 * width + (*rest - '0');
    if (*rest != 'd' || width > 20 || strchr(rest, '%')) return NULL;
    return zeros ? text_or_die("%.*s%0*llu%s", before, output, width, number, rest + 1)
                 : text_or_die("%.*s%*llu%s", before, output, width, number, rest + 1);
}

/* Writes the bytes and frees them. */
static void write_or_die(const char *name, void *bytes, size_t size)
{
    bool standard = strcmp(name, "-") == 0;
    struct whole_file *file = standard ? NULL : whole_file_open_or_die(name);
    if (fwrite(bytes, 1, size, standard ? stdout : whole_file_stream(file)) != size)
        die("%s: %s", standard ? "standard output" : name, strerror(errno));
    if (standard)
        stdout_close_or_die();
    else
        whole_file_close_or_die(file);
    free(bytes);
}

struct outputs *outputs_open_or_die(const char *output, const char *noun, const char *example)
{
    char *name = output_name(output, 1);
    if (!name) die_usage("-o %s: not a name with at most one %%d, like %s", output, example);
    free(name);
    if (strcmp(output, "-") == 0 && isatty(STDOUT_FILENO))
        die_usage("standard output is a terminal: redirect it or use -o");
    struct outputs *outputs = allocate_or_die(1, sizeof *outputs);
    *outputs = (struct outputs){.output = output, .noun = noun, .example = example};
    return outputs;
}

void outputs_put_or_die(struct outputs *outputs, const struct reader *reader, void *bytes, size_t size)
{
    bool numbered = strchr(outputs->output, '%');
    if (++outputs->count > 1 && !numbered)
        reader_die(reader, "several %ss need numbered files: -o %s", outputs->noun, outputs->example);
    if (numbered) {
        char *name = output_name(outputs->output, outputs->count);
        write_or_die(name, bytes, size);
        free(name);
    } else {
        outputs->bytes = bytes;
        outputs->size = size;
    }
}

void outputs_close_or_die(struct outputs *outputs, const char *input)
{
    if (outputs->count == 0) die("%s: no %s in it", input ? input : "-", outputs->noun);
    if (outputs->bytes) write_or_die(outputs->output, outputs->bytes, outputs->size);
    free(outputs);
}
