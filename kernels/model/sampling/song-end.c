/* Reads the parts of a song, and joins those at its end. */
#include "kernels/model/sampling/song-end.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/fail.h"
#include "common/memory.h"
#include "common/stream/expect.h"
#include "kernels/model/dataset.h"
#include "kernels/model/keys-facts.h"

/* (2, rows, frames) of a record. */
struct part {
    double start, interval; /* s */
    size_t frames;
    float *loudness;
};

struct parts {
    struct part *part; /* (count) */
    size_t count, lines;
};

static double end_of(const struct parts *parts, size_t i)
{
    return parts->part[i].start + parts->part[i].interval * (double)parts->part[i].frames;
}

static void add_parts_or_die(struct parts *parts, const struct reader *reader, const struct record *record,
                             const struct keys_facts *facts)
{
    double follows = parts->count ? end_of(parts, parts->count - 1) : 0;
    double start = expect_number_or_die(reader, record, "start", follows),
           interval = keys_interval_or_die(reader, record, facts);
    size_t frames = record->shape[record->rank - 1], each = parts->lines * frames;
    for (size_t at = 0; at < record->count; at += each, start += interval * (double)frames) {
        struct part part = {start, interval, frames, allocate_or_die(each, sizeof part.loudness[0])};
        memcpy(part.loudness, (const float *)record->data + at, each * sizeof part.loudness[0]);
        parts->part = reallocate_or_die(parts->part, parts->count + 1, sizeof part);
        parts->part[parts->count++] = part;
    }
}

/* All records must be of one song, where they say of which. */
static void check_source_or_die(struct song_end *song, const struct reader *reader,
                                const struct record *record)
{
    char *source = record_fact(record, "source");
    if (source && song->source && strcmp(source, song->source) != 0)
        reader_die(reader, "of %s, but the records before are of %s: one song at a time goes on", source,
                   song->source);
    if (!song->source)
        song->source = source;
    else
        free(source);
}

/* By start; for qsort. */
static int by_start(const void *a, const void *b)
{
    double x = ((const struct part *)a)->start, y = ((const struct part *)b)->start;
    return (x > y) - (x < y);
}

/* The number of the first part from which on each begins where the one before ends. */
static size_t first_of_stretch(const struct parts *parts)
{
    size_t first = parts->count - 1;
    while (first > 0 &&
           fabs(parts->part[first].start - end_of(parts, first - 1)) < parts->part[first].interval)
        first--;
    return first;
}

/* What goes on begins on a beat: so the last part ends with a whole one. */
static void cut_to_beats(struct part *part, int beat, size_t lines)
{
    size_t rest = beat ? part->frames % (size_t)beat : 0, frames = part->frames - rest;
    for (size_t line = 0; rest && line < lines; line++)
        memmove(part->loudness + line * frames, part->loudness + line * part->frames,
                frames * sizeof part->loudness[0]);
    part->frames = frames;
}

/* Copies the last frames of the stretch that begins with part `first`. */
static void join(struct song_end *song, const struct parts *parts, size_t first)
{
    size_t end = song->frames;
    song->loudness = allocate_or_die(parts->lines * song->frames, sizeof song->loudness[0]);
    for (size_t i = parts->count; i-- > first && end > 0;) {
        const struct part *part = &parts->part[i];
        size_t taken = part->frames < end ? part->frames : end;
        for (size_t line = 0; line < parts->lines; line++)
            memcpy(song->loudness + line * song->frames + end - taken,
                   part->loudness + (line + 1) * part->frames - taken, taken * sizeof part->loudness[0]);
        end -= taken;
    }
}

static struct parts read_parts_or_die(struct song_end *song, const char *path, struct keys_shape keys,
                                      char *facts)
{
    struct parts parts = {.lines = 2 * (size_t)keys.keys};
    struct reader *reader = reader_open_or_die(path);
    struct record record = {0};
    char *kept = facts ? text_or_die("%s", facts) : NULL;
    struct keys_facts model = keys_facts_read(facts, keys.keys);
    while (reader_next_finite_or_die(reader, &record)) {
        keys_facts_keep_or_die(&kept, reader, &record, "the model has");
        dataset_check_window_or_die(reader, &record, keys);
        check_source_or_die(song, reader, &record);
        add_parts_or_die(&parts, reader, &record, &model);
    }
    reader_close(reader);
    record_free(&record);
    free(kept);
    if (!parts.count) die("%s: no record", path);
    return parts;
}

struct song_end song_end_read_or_die(const char *path, struct keys_shape keys, char *facts, size_t most)
{
    struct song_end song = {.rows = (size_t)keys.keys};
    struct parts parts = read_parts_or_die(&song, path, keys, facts);
    qsort(parts.part, parts.count, sizeof parts.part[0], by_start);
    cut_to_beats(&parts.part[parts.count - 1], keys.beat, parts.lines);
    song.interval = parts.part[parts.count - 1].interval;
    size_t first = first_of_stretch(&parts), frames = 0;
    for (size_t i = first; i < parts.count; i++) frames += parts.part[i].frames;
    if (frames < (size_t)keys.frames)
        die("%s: only %zu frames follow one another at the song's end: the model needs %d, %g s", path,
            frames, keys.frames, keys.frames * song.interval);
    song.frames = frames < most ? frames : most;
    song.end = end_of(&parts, parts.count - 1);
    if (!song.source) song.source = text_or_die("%s", path);
    join(&song, &parts, first);
    for (size_t i = 0; i < parts.count; i++) free(parts.part[i].loudness);
    free(parts.part);
    return song;
}

void song_end_free(struct song_end *song)
{
    free(song->source);
    free(song->loudness);
}
