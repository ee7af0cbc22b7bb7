/* mp3-to-wave: MP3 files to wave records: decoded to float, resampled, cut to one length. */
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/fail.h"
#include "common/level.h"
#include "common/option.h"
#include "common/progress.h"
#include "common/song.h"
#include "common/stream.h"
#include "common/walk.h"

static long long rate = 12000;        /* Hz */
static double seconds = 120, minimum; /* minimum 0: only whole songs */
static bool strict, quiet, progress;

static const struct option options[] = {
    {'r', "rate", OPTION_INT, &rate, "HZ", 1000, 192000, "Sample rate of the waves"},
    {'s', "seconds", OPTION_REAL, &seconds, "SECONDS", 0.01, 36000, "Length taken from each song's start"},
    {'m', "minimum", OPTION_REAL, &minimum, "SECONDS", 0, 36000, "Keep shorter songs from here on; 0: none"},
    {0, "strict", OPTION_FLAG, &strict, NULL, 0, 0, "Fail when a file was skipped"},
    {'q', "quiet", OPTION_FLAG, &quiet, NULL, 0, 0, "No count of songs and no progress"},
    {0, "progress", OPTION_FLAG, &progress, NULL, 0, 0, "Show progress without a terminal too"},
    {0},
};

static const struct program program = {"mp3-to-wave", "[FILE|DIR|- ...]",
                                       "Decode MP3 files to waves of one rate and length", -1, options};

struct job {
    struct writer *output;
    struct record record; /* each song's in turn */
    size_t songs, skipped;
};

static void __attribute__((format(printf, 3, 4)))
skip(struct job *job, const char *path, const char *format, ...)
{
    char why[256];
    va_list values;
    va_start(values, format);
    vsnprintf(why, sizeof why, format, values);
    va_end(values);
    warn("%s: %s", path, why);
    job->skipped++;
}

static void put_wave_or_die(struct job *job, const char *path, size_t length)
{
    struct record *record = &job->record;
    float *wave = record->data;
    memmove(wave + length, wave + record->shape[1], length * sizeof *wave);
    record->shape[1] = length;
    record->count = 2 * length;
    if (isinf(level_peak(wave, record->count))) {
        skip(job, path, "decodes to NaN or infinity");
        return;
    }
    record_set_fact(record, "kind", "wave");
    record_set_fact(record, "rate", "%lld", rate);
    record_set_fact(record, "source", "%s", path);
    record_set_fact(record, "start", "0");
    writer_put_or_die(job->output, record);
    job->songs++;
}

static void take_file_or_die(struct job *job, const char *path)
{
    int descriptor = strcmp(path, "-") == 0 ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    if (descriptor < 0) {
        skip(job, path, "%s", strerror(errno));
        return;
    }
    progress_show((double)job->songs, "%s", path);
    size_t wanted = (size_t)llround(seconds * (double)rate);
    float *wave = record_shape_or_die(&job->record, 2, (size_t[]){2, wanted});
    const char *broken;
    size_t length = song_read_or_die(descriptor, (double)rate, wave, wanted, &broken);
    if (descriptor != STDIN_FILENO) close(descriptor);

    double got = (double)length / (double)rate, least = minimum > 0 ? minimum : seconds;
    const char *colon = broken ? ": " : "", *reason = broken ? broken : "";
    if (length == 0)
        skip(job, path, "not an MP3%s%s", colon, reason);
    else if (length < wanted && got < least)
        skip(job, path, "too short: %.2f of %g s%s%s", got, least, colon, reason);
    else
        put_wave_or_die(job, path, length);
}

/* A file, the files of a folder, or "-". */
static void take_operand_or_die(struct job *job, const char *operand)
{
    if (strcmp(operand, "-") == 0) {
        take_file_or_die(job, operand);
        return;
    }
    size_t before = job->songs + job->skipped;
    struct walk *walk = walk_open_or_die(operand, ".mp3");
    for (const char *path, *problem; (path = walk_next(walk, &problem));)
        if (problem)
            skip(job, path, "%s", problem);
        else
            take_file_or_die(job, path);
    walk_close(walk);
    if (job->songs + job->skipped == before) skip(job, operand, "no MP3 file in this folder");
}

int main(int argc, char **argv)
{
    struct job job = {0};
    int first = options_parse_or_die(&program, argc, argv);
    if (minimum > seconds) die_usage("-m %g is more than -s %g", minimum, seconds);

    job.output = writer_open_or_die(NULL);
    progress_begin("songs", 0, progress, quiet);
    if (first == argc) take_operand_or_die(&job, "-");
    for (int i = first; i < argc; i++) take_operand_or_die(&job, argv[i]);
    progress_end();
    if (!quiet && job.songs + job.skipped > 1)
        warn("%zu song%s, %zu skipped", job.songs, job.songs == 1 ? "" : "s", job.skipped);
    record_free(&job.record);
    if (job.songs == 0 || (strict && job.skipped > 0)) {
        writer_abandon(job.output);
        return EXIT_DATA;
    }
    writer_close_or_die(job.output);
    return 0;
}
