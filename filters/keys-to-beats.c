/* keys-to-beats: keys records to records on the beat clock, of whole beats. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/fail.h"
#include "common/keys/beat-clock.h"
#include "common/keys/beats.h"
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

/* The facts of the song; those of one record are set for each. */
static void set_facts(struct record *record, const struct song *song)
{
    record_copy_facts(record, &song->record);
    record_set_fact(record, "kind", "keys");
    record_set_fact(record, "beat", "%d", BEAT_FRAMES);
    record_remove_fact(record, "score");
}

/* Seconds of the song, from its first frame on, at the beginning of the frame whose middle is on `beat`. */
static double seconds_at(const struct song *song, const struct beats *beats, size_t beat, double interval)
{
    return song->start + (beats->at[beat] + 0.5) * song->score.interval - interval / 2;
}

/* Writes the records of a song; returns the seconds that fill none. */
static double put_records_or_die(struct writer *writer, const struct song *song, const struct beats *beats,
                                 size_t *written)
{
    const struct score *score = &song->score;
    double seconds = (double)score->frames * score->interval;
    size_t whole = beats->count > 0 ? beats->count - 1 : 0,
           length = beats_wanted ? (size_t)beats_wanted : whole;
    size_t lines = score->channels * score->rows, records = length ? whole / length : 0;
    *written += records;
    if (records == 0) return seconds;
    size_t count = records * length * BEAT_FRAMES, frames = length * BEAT_FRAMES;
    struct record record = {0};
    float *loudness = allocate_or_die(lines * count, sizeof *loudness);
    size_t stereo[] = {2, score->rows, frames};
    float *target = record_shape_or_die(&record, (int)score->channels + 1, stereo + 2 - score->channels);
    set_facts(&record, song);
    beat_clock_or_die(loudness, score, beats->at, records * length);
    for (size_t i = 0; i < records; i++) {
        size_t first = i * length;
        double interval = (beats->at[first + length] - beats->at[first]) * score->interval / (double)frames;
        record_set_fact(&record, "start", "%.10g", fmax(0, seconds_at(song, beats, first, interval)));
        record_set_fact(&record, "interval", "%.10g", interval);
        for (size_t line = 0; line < lines; line++)
            memcpy(target + line * frames, loudness + line * count + i * frames, frames * sizeof *target);
        writer_put_or_die(writer, &record);
    }
    free(loudness);
    record_free(&record);
    return seconds - (beats->at[records * length] - beats->at[0]) * score->interval;
}

static void say(const struct counts *counts)
{
    warn("%zu songs, %zu records; %.1f s at the songs' ends fill none; %zu songs without a clear beat: %g s "
         "each",
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
        counts.left_out += put_records_or_die(writer, &song, &beats, &counts.records);
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
