/* keys-to-beats: keys records to records on the beat clock, of whole beats. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/beats/beat-clock.h"
#include "common/beats/beats.h"
#include "common/fail.h"
#include "common/keys/keys-options.h"
#include "common/keys/song-spool.h"
#include "common/memory.h"
#include "common/option.h"
#include "common/progress.h"

static long long beats_wanted = 21;
static bool quiet, progress;

/* What records mean that do not state their facts. */
static struct score unstated = {.keys = {KEYS_DEFAULT}, .interval = FRAME_SECONDS_DEFAULT};

static const struct option options[] = {
    {'n', "beats", OPTION_INT, &beats_wanted, "BEATS", 0, 10000, "Length of a record; 0: of the whole song"},
    {OPTION_KEYS_UNSTATED(&unstated.keys)},
    {OPTION_INTERVAL_UNSTATED(&unstated.interval)},
    {OPTION_QUIET(&quiet, "No progress, nothing about what is left out")},
    {OPTION_PROGRESS(&progress)},
    {0},
};

static const struct program program = {"keys-to-beats", "[FILE]", "Count the time of keys in beats", 1,
                                       options};

/* What is said at the end. */
struct counts {
    size_t songs, records, unclear;
    double left_out; /* s */
};

/* An empty record of that many frames with the facts of the song, but for its time. */
static struct record record_or_die(const struct song *song, size_t frames)
{
    const struct score *score = &song->score;
    struct record record = {0};
    size_t stereo[] = {2, score->rows, frames};
    record_shape_or_die(&record, (int)score->channels + 1, stereo + 2 - score->channels);
    record_copy_facts(&record, &song->record);
    record_set_fact(&record, "kind", "keys");
    record_set_fact(&record, "keys", "%d-%d", score->keys.first, score->keys.last);
    record_set_fact(&record, "beat", "%d", BEAT_FRAMES);
    record_remove_fact(&record, "score");
    return record;
}

/* Sets the facts start and interval of a record from beat at[0] to at[beats], which are middles of frames. */
static void set_time(struct record *record, const struct song *song, const double *at, size_t beats)
{
    double interval = (at[beats] - at[0]) * song->score.interval / (double)(beats * BEAT_FRAMES);
    double start = song->start + (at[0] + 0.5) * song->score.interval - interval / 2;
    record_set_fact(record, "start", "%.10g", fmax(0, start));
    record_set_fact(record, "interval", "%.10g", interval);
}

/* Writes the records of a song. */
static void put_records_or_die(struct counts *counts, struct writer *writer, const struct song *song,
                               const struct beats *beats)
{
    const struct score *score = &song->score;
    size_t whole = beats->count > 0 ? beats->count - 1 : 0, wanted = (size_t)beats_wanted;
    size_t length = wanted > 0 ? wanted : whole, records = length > 0 ? whole / length : 0;
    size_t frames = length * BEAT_FRAMES, count = records * frames, lines = score->channels * score->rows;
    double seconds = (double)score->frames * score->interval;
    if (records > 0) seconds -= (beats->at[records * length] - beats->at[0]) * score->interval;
    counts->left_out += fmax(0, seconds);
    if (records == 0) return;
    struct record record = record_or_die(song, frames);
    float *loudness = allocate_or_die(lines * count, sizeof *loudness), *target = record.data;
    beat_clock_or_die(loudness, score, beats->at, records * length);
    for (size_t i = 0; i < records; i++) {
        set_time(&record, song, beats->at + i * length, length);
        for (size_t line = 0; line < lines; line++)
            memcpy(target + line * frames, loudness + line * count + i * frames, frames * sizeof *target);
        writer_put_or_die(writer, &record);
    }
    counts->records += records;
    free(loudness);
    record_free(&record);
}

static void say(const struct counts *counts)
{
    warn("%zu songs, %zu records; left out: %.1f s at the songs' ends; %zu songs without a clear beat were "
         "given %g s",
         counts->songs, counts->records, counts->left_out, counts->unclear, BEAT_UNCLEAR);
}

int main(int argc, char **argv)
{
    int operand = options_parse_or_die(&program, argc, argv);
    struct reader *reader = reader_open_or_die(argv[operand]);
    struct writer *writer = writer_open_or_die(NULL);
    struct song_spool *spool = song_spool_read_or_die(reader, unstated);
    struct counts counts = {.songs = song_spool_songs(spool)};
    struct song song = {0};

    progress_begin("songs", (double)counts.songs, progress, quiet);
    for (size_t done = 1; song_spool_next_or_die(spool, &song); done++) {
        struct beats beats = beats_or_die(&song.score);
        put_records_or_die(&counts, writer, &song, &beats);
        counts.unclear += !beats.clear;
        beats_free(&beats);
        progress_show((double)done, NULL);
    }
    progress_end();
    writer_close_or_die(writer);
    reader_close(reader);
    if (!quiet) say(&counts);
    song_spool_free(spool);
    record_free(&song.record);
    return 0;
}
