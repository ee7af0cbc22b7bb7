/* raw-to-wave: raw samples, as synthesizers and converters write them, to a wave record. */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/fail.h"
#include "common/memory.h"
#include "common/option.h"
#include "common/stream/rate-option.h"
#include "common/stream/stream.h"

static double rate = 44100;
static const char *source;
enum { SAMPLE_BYTES = 4 /* of both channels */ };

static const struct option options[] = {
    {OPTION_RATE(&rate, "Sample rate of what is read")},
    {0, "source", OPTION_TEXT, &source, "NAME", 0, 0,
     "The fact source of the record, which becomes a song's title"},
    {0},
};

static const struct program program = {"raw-to-wave", "[FILE]", "Read raw samples as a wave", 1, options};

/* All bytes of the file. Caller frees. */
static uint8_t *read_all_or_die(FILE *file, const char *name, size_t *size)
{
    uint8_t *bytes = NULL;
    size_t room = 0;
    *size = 0;
    do {
        if (*size == room) bytes = reallocate_or_die(bytes, room = 2 * room + (1 << 20), 1);
        *size += fread(bytes + *size, 1, room - *size, file);
    } while (*size == room);
    if (ferror(file)) die("%s: %s", name, strerror(errno));
    if (*size % SAMPLE_BYTES) die("%s: cut short: %zu bytes are no whole number of samples", name, *size);
    if (*size == 0) die("%s: no sample in it", name);
    return bytes;
}

/* wave (2, samples) of interleaved 16-bit samples, little-endian. */
static void fill_or_die(struct record *wave, const uint8_t *bytes, size_t samples)
{
    float *values = record_shape_or_die(wave, 2, (size_t[]){2, samples});
    for (size_t n = 0; n < samples; n++)
        for (size_t c = 0; c < 2; c++) {
            const uint8_t *at = bytes + n * SAMPLE_BYTES + 2 * c;
            values[c * samples + n] = (float)(int16_t)(at[0] | at[1] << 8) / 32768;
        }
}

int main(int argc, char **argv)
{
    int operand = options_parse_or_die(&program, argc, argv);
    bool is_file = argv[operand] && strcmp(argv[operand], "-") != 0;
    const char *name = is_file ? argv[operand] : "standard input";
    FILE *file = is_file ? fopen(name, "rbe") : stdin;
    if (!file) die("%s: %s", name, strerror(errno));

    size_t size;
    uint8_t *bytes = read_all_or_die(file, name, &size);
    struct writer *writer = writer_open_or_die(NULL);
    struct record wave = {0};
    fill_or_die(&wave, bytes, size / SAMPLE_BYTES);
    record_set_fact(&wave, "kind", "wave");
    record_set_fact(&wave, "rate", "%.10g", rate);
    if (source) record_set_fact(&wave, "source", "%s", source);
    writer_put_or_die(writer, &wave);
    writer_close_or_die(writer);
    record_free(&wave);
    free(bytes);
    if (is_file) fclose(file);
    return 0;
}
