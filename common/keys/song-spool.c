/* Keys records put together to songs. */
#include "common/keys/song-spool.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/fail.h"
#include "common/memory.h"
#include "common/stream/expect.h"
#include "common/stream/spool.h"

enum { FRAMES_MOST = 720000 /* of a song: four hours of 0.02 s, 0.7 GB with 64 rows */ };

static const double INTERVAL_MOST = 0.1; /* s */

struct place {
    long where; /* in the file */
    size_t source, order, frames;
    double start, end; /* s */
};

/* What the records of one source have in common. */
struct source {
    uint64_t name; /* record_song; 0: without a name, of one record */
    struct score shape;
};

struct song_spool {
    FILE *file;
    struct record part;
    struct score unstated;
    struct place *places; /* (count), in the order of the songs */
    size_t count, next;
    struct source *sources; /* (source_count) */
    size_t source_count, songs;
};

static size_t source_or_die(struct song_spool *spool, const struct record *record)
{
    uint64_t name = record_song(record);
    for (size_t i = 0; name != 0 && i < spool->source_count; i++)
        if (spool->sources[i].name == name) return i;
    spool->sources = reallocate_or_die(spool->sources, spool->source_count + 1, sizeof *spool->sources);
    spool->sources[spool->source_count] = (struct source){.name = name};
    return spool->source_count++;
}

static void put_or_die(struct song_spool *spool, const struct reader *reader, const struct record *record)
{
    struct score score = score_or_die(reader, record, spool->unstated);
    size_t source = source_or_die(spool, record), order = spool->count++;
    score_alike_or_die(reader, &score, &spool->sources[source].shape);
    if (score.beat) reader_die(reader, "beat=%zu: these keys are on the beat clock already", score.beat);
    if (score.parts * score.frames > FRAMES_MOST)
        reader_die(reader, "%zu frames; at most %d are taken at once", score.parts * score.frames,
                   FRAMES_MOST);
    if (score.interval > INTERVAL_MOST)
        reader_die(reader, "interval=%g: no beats are found in frames of more than %g s", score.interval,
                   INTERVAL_MOST);
    double start = expect_number_or_die(reader, record, "start", 0);
    size_t frames = score.parts * score.frames;
    spool->places = reallocate_or_die(spool->places, spool->count, sizeof *spool->places);
    spool->places[order] = (struct place){.where = spool_put_or_die(spool->file, record),
                                          .source = source,
                                          .order = order,
                                          .frames = frames,
                                          .start = start,
                                          .end = start + (double)frames * score.interval};
}

static int by_song_and_start(const void *left, const void *right)
{
    const struct place *a = left, *b = right;
    if (a->source != b->source) return a->source < b->source ? -1 : 1;
    if (a->start != b->start) return a->start < b->start ? -1 : 1;
    return a->order < b->order ? -1 : 1;
}

/* The place behind the last one of the song that begins at `first`. */
static size_t song_end(const struct song_spool *spool, size_t first)
{
    size_t i = first + 1, frames = spool->places[first].frames;
    for (; i < spool->count && (frames += spool->places[i].frames) <= FRAMES_MOST; i++) {
        const struct place *before = &spool->places[i - 1], *place = &spool->places[i];
        double interval = spool->sources[place->source].shape.interval;
        if (place->source != before->source || fabs(place->start - before->end) > 0.51 * interval) break;
    }
    return i;
}

struct song_spool *song_spool_read_or_die(struct reader *reader, struct score unstated)
{
    struct song_spool *spool = allocate_or_die(1, sizeof *spool);
    struct record record = {0};
    spool->file = spool_open_or_die();
    spool->unstated = unstated;
    while (reader_next_finite_or_die(reader, &record)) put_or_die(spool, reader, &record);
    if (spool->count > 0) qsort(spool->places, spool->count, sizeof *spool->places, by_song_and_start);
    for (size_t i = 0; i < spool->count; i = song_end(spool, i)) spool->songs++;
    record_free(&record);
    return spool;
}

size_t song_spool_songs(const struct song_spool *spool)
{
    return spool->songs;
}

/* Puts the parts of the record, which the spool has read last, behind `at` frames of the song. */
static void add_parts(const struct song_spool *spool, struct song *song, size_t at)
{
    const struct score *shape = &song->score;
    size_t frames = spool->part.shape[spool->part.rank - 1], lines = shape->channels * shape->rows;
    size_t parts = spool->part.count / (lines * frames);
    float *target = song->record.data;
    const float *source = spool->part.data;
    for (size_t part = 0; part < parts; part++, at += frames)
        for (size_t line = 0; line < lines; line++, source += frames)
            memcpy(target + line * shape->frames + at, source, frames * sizeof *target);
}

bool song_spool_next_or_die(struct song_spool *spool, struct song *song)
{
    if (spool->next == spool->count) return false;
    size_t first = spool->next, end = song_end(spool, first), frames = 0;
    for (size_t i = first; i < end; i++) frames += spool->places[i].frames;
    song->score = spool->sources[spool->places[first].source].shape;
    song->score.parts = 1;
    song->score.frames = frames;
    song->start = spool->places[first].start;
    size_t shape[] = {2, song->score.rows, frames}, at = 0;
    song->score.loudness =
        record_shape_or_die(&song->record, (int)song->score.channels + 1, shape + 2 - song->score.channels);
    for (size_t i = first; i < end; at += spool->places[i++].frames) {
        spool_seek_or_die(spool->file, spool->places[i].where);
        spool_get_or_die(spool->file, &spool->part);
        if (i == first) record_copy_facts(&song->record, &spool->part);
        add_parts(spool, song, at);
    }
    spool->next = end;
    return true;
}

void song_spool_free(struct song_spool *spool)
{
    fclose(spool->file);
    record_free(&spool->part);
    free(spool->places);
    free(spool->sources);
    free(spool);
}
