/* mp3-to-wave: MP3 files to wave records of one sample rate and length. */
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/fail.h"
#include "common/files/inputs.h"
#include "common/files/mp3-read.h"
#include "common/level.h"
#include "common/option.h"
#include "common/progress.h"
#include "common/stream/rate-option.h"
#include "common/stream/stream.h"

static long long rate = RATE_DEFAULT; /* Hz */
static double seconds = 120, minimum; /* minimum 0: only whole songs */
static bool strict, quiet, progress;

static const struct option options[] = {
    {'r', "rate", OPTION_INT, &rate, "HZ", 1000, 192000, "Sample rate of the waves"},
    {'s', "seconds", OPTION_REAL, &seconds, "SECONDS", 0.01, 36000, "Length taken from each song's start"},
    {'m', "minimum", OPTION_REAL, &minimum, "SECONDS", 0, 36000, "Keep shorter songs from here on; 0: none"},
    {0, "strict", OPTION_FLAG, &strict, NULL, 0, 0, "Fail when a file was skipped"},
    {OPTION_QUIET(&quiet, "No count of songs and no progress")},
    {OPTION_PROGRESS(&progress)},
    {0},
};

static const struct program program = {"mp3-to-wave", "[FILE|DIR|- ...]",
                                       "Decode MP3 files to waves of one rate and length", -1, options};

static void put_wave_or_die(struct inputs *songs, const char *path, struct writer *writer,
                            struct record *record, size_t length)
{
    float *wave = record->data;
    memmove(wave + length, wave + record->shape[1], length * sizeof *wave);
    record->shape[1] = length;
    record->count = 2 * length;
    if (isinf(level_peak(wave, record->count))) {
        inputs_skip(songs, "decodes to NaN or infinity");
        return;
    }
    record_set_fact(record, "kind", "wave");
    record_set_fact(record, "rate", "%lld", rate);
    record_set_fact(record, "source", "%s", path);
    record_set_fact(record, "start", "0");
    writer_put_or_die(writer, record);
}

static void take_song_or_die(struct inputs *songs, const char *path, struct writer *writer,
                             struct record *record)
{
    int descriptor = strcmp(path, "-") == 0 ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    if (descriptor < 0) {
        inputs_skip(songs, "%s", strerror(errno));
        return;
    }
    size_t wanted = (size_t)llround(seconds * (double)rate);
    float *wave = record_shape_or_die(record, 2, (size_t[]){2, wanted});
    const char *broken;
    size_t length = mp3_read_or_die(descriptor, (double)rate, wave, wanted, &broken);
    if (descriptor != STDIN_FILENO) close(descriptor);

    double got = (double)length / (double)rate, least = minimum > 0 ? minimum : seconds;
    const char *colon = broken ? ": " : "", *reason = broken ? broken : "";
    if (length == 0)
        inputs_skip(songs, "not an MP3%s%s", colon, reason);
    else if (length < wanted && got < least)
        inputs_skip(songs, "too short: %.2f of %g s%s%s", got, least, colon, reason);
    else
        put_wave_or_die(songs, path, writer, record, length);
}

int main(int argc, char **argv)
{
    int first = options_parse_or_die(&program, argc, argv);
    if (minimum > seconds) die_usage("-m %g is more than -s %g", minimum, seconds);

    struct inputs *songs = inputs_open_or_die(argv + first, ".mp3", "MP3");
    struct writer *writer = writer_open_or_die(NULL);
    struct record record = {0};
    progress_begin("songs", 0, progress, quiet);
    for (const char *path; (path = inputs_next_or_die(songs));) {
        progress_show((double)inputs_used(songs), "%s", path);
        take_song_or_die(songs, path, writer, &record);
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
