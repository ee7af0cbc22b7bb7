/* midi-to-keys: MIDI files to keys records, the loudness of each piano key in each frame. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/fail.h"
#include "common/files/inputs.h"
#include "common/files/midi-to-loudness.h"
#include "common/keys/keys-options.h"
#include "common/memory.h"
#include "common/option.h"
#include "common/progress.h"
#include "common/stream/stream.h"

static const char *record_unit = "pair";
static struct key_range keys_wanted = {KEYS_DEFAULT};
static double interval = FRAME_SECONDS_DEFAULT, seconds = 10, decay;
static bool no_pedal, drums, strict, quiet, progress;
enum { SIZE_MOST = 16 << 20 }; /* bytes of a file; no song needs more */

static const struct option options[] = {
    {OPTION_KEYS(&keys_wanted, "Keys to write")},
    {OPTION_INTERVAL(&interval, "Length of a frame")},
    {'s', "seconds", OPTION_REAL, &seconds, "SECONDS", 0.001, 3600, "Length of a chunk"},
    {0, "as", OPTION_CHOICE, &record_unit, "pair|chunk|song", 0, 0,
     "What a record is: two chunks, one, a song"},
    {0, "decay", OPTION_REAL, &decay, "SECONDS", 0, 1000, "Time in which a note falls to 1/e; 0: never"},
    {0, "drums", OPTION_FLAG, &drums, NULL, 0, 0, "Three rows of drums behind those of the keys"},
    {0, "no-pedal", OPTION_FLAG, &no_pedal, NULL, 0, 0, "Notes end when their keys do"},
    {0, "strict", OPTION_FLAG, &strict, NULL, 0, 0, "Fail when a file was skipped"},
    {OPTION_QUIET(&quiet, "No count of songs and no progress")},
    {OPTION_PROGRESS(&progress)},
    {0},
};

static const struct program program = {"midi-to-keys", "[FILE|DIR|- ...]", "Read MIDI files as keys", -1,
                                       options};

/* The records that a song is divided into. */
struct layout {
    size_t parts, frames; /* chunks of a record, frames of a chunk; 0 frames: the whole song */
};

static struct layout layout_or_die(void)
{
    struct layout layout = {*record_unit == 'p' ? 2 : 1, 0};
    if (*record_unit != 's') layout.frames = (size_t)llround(seconds / interval);
    if (*record_unit != 's' && layout.frames == 0)
        die_usage("-s %g is shorter than -i %g", seconds, interval);
    return layout;
}

/* The bytes of a file; NULL with *reason set when it cannot be read. Caller frees. */
static uint8_t *read_file_or_die(const char *path, size_t *size, const char **reason)
{
    FILE *file = strcmp(path, "-") == 0 ? stdin : fopen(path, "rbe");
    *reason = strerror(errno);
    if (!file) return NULL;
    uint8_t *bytes = NULL;
    size_t room = 0;
    *size = 0;
    do {
        if (*size == room) bytes = reallocate_or_die(bytes, room = 4 * room + 65536, 1);
        *size += fread(bytes + *size, 1, room - *size, file);
    } while (*size == room && *size <= SIZE_MOST);
    *reason = ferror(file) ? strerror(errno) : *size > SIZE_MOST ? "too large for a MIDI file" : NULL;
    if (file != stdin) fclose(file);
    if (!*reason) return bytes;
    free(bytes);
    return NULL;
}

static bool read_song_or_die(struct inputs *songs, const char *path, struct midi *midi)
{
    size_t size;
    const char *reason;
    uint8_t *bytes = read_file_or_die(path, &size, &reason);
    *midi = (struct midi){0};
    if (!bytes)
        inputs_skip(songs, "%s", reason);
    else if (!midi_read_or_die(midi, bytes, size))
        inputs_skip(songs, "%s", midi->problem);
    free(bytes);
    return bytes && !*midi->problem;
}

/* Writes the records of a song; the rest of the song is dropped. */
static void put_song_or_die(struct writer *writer, struct record *record, const char *path,
                            const struct midi *midi, struct midi_loudness_settings settings,
                            struct layout layout, size_t records)
{
    struct midi_loudness *converter = midi_loudness_new_or_die(midi, settings);
    size_t rows = midi_loudness_rows(settings);
    size_t shape[] = {layout.parts, 2, rows, layout.frames}, skipped = layout.parts == 1;
    for (size_t i = 0; i < records; i++) {
        float *loudness = record_shape_or_die(record, 4 - (int)skipped, shape + skipped);
        for (size_t part = 0; part < layout.parts; part++)
            midi_loudness_fill(converter, loudness + part * 2 * rows * layout.frames, layout.frames);
        record_set_fact(record, "kind", "keys");
        record_set_fact(record, "interval", "%.10g", interval);
        record_set_fact(record, "keys", "%d-%d", settings.keys.first, settings.keys.last);
        if (drums) record_set_fact(record, "drums", "%d", KEYBOARD_DRUMS);
        record_set_fact(record, "sharpen", "1"); /* nothing is blurred */
        record_set_fact(record, "source", "%s", path);
        record_set_fact(record, "start", "%.10g", (double)(i * layout.parts * layout.frames) * interval);
        writer_put_or_die(writer, record);
    }
    midi_loudness_free(converter);
}

static void take_song_or_die(struct inputs *songs, const char *path, struct writer *writer,
                             struct record *record, struct midi_loudness_settings settings,
                             struct layout layout)
{
    struct midi midi;
    if (read_song_or_die(songs, path, &midi)) {
        double frames = midi.seconds / interval;
        if (layout.frames == 0) layout.frames = (size_t)ceil(frames - 1e-6);
        double wanted = (double)(layout.parts * layout.frames);
        size_t records = wanted > 0 ? (size_t)(*record_unit == 's' ? 1 : (frames + 1e-6) / wanted) : 0;
        if (!midi_has_note(&midi, settings))
            inputs_skip(songs, "no note of the keys %d-%d%s in it", settings.keys.first, settings.keys.last,
                        drums ? " and no drum" : "");
        else if (records == 0)
            inputs_skip(songs, "too short: %.2f of %g s", midi.seconds, wanted * interval);
        else
            put_song_or_die(writer, record, path, &midi, settings, layout, records);
    }
    midi_free(&midi);
}

int main(int argc, char **argv)
{
    int first = options_parse_or_die(&program, argc, argv);
    struct midi_loudness_settings settings = {
        .keys = keys_wanted, .interval = interval, .decay = decay, .pedal = !no_pedal, .drums = drums};
    struct layout layout = layout_or_die();

    struct inputs *songs = inputs_open_or_die(argv + first, ".mid|.midi", "MIDI");
    struct writer *writer = writer_open_or_die(NULL);
    struct record record = {0};
    progress_begin("songs", 0, progress, quiet);
    for (const char *path; (path = inputs_next_or_die(songs));) {
        progress_show((double)inputs_used(songs), "%s", path);
        take_song_or_die(songs, path, writer, &record, settings, layout);
    }
    progress_end();
    record_free(&record);
    if (!inputs_close(songs, strict, quiet)) {
        writer_abandon(writer);
        return EXIT_DATA;
    }
    writer_close_or_die(writer);
    return 0;
}
