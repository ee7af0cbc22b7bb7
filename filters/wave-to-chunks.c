/* wave-to-chunks: songs to shuffled pairs of successive chunks. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/fail.h"
#include "common/memory.h"
#include "common/option.h"
#include "common/progress.h"
#include "common/shuffle.h"
#include "common/stream/expect.h"
#include "common/stream/rate-option.h"
#include "common/stream/spool.h"

static double seconds = 10, share = 0.1, rate = RATE_DEFAULT;
static const char *validation_path, *split = "song";
static long long seed;
static bool quiet, progress;

static const struct option options[] = {
    {'s', "seconds", OPTION_REAL, &seconds, "SECONDS", 0.001, 3600, "Length of a chunk"},
    {'v', "validation", OPTION_TEXT, &validation_path, "FILE", 0, 0, "Write some of the pairs there instead"},
    {0, "split", OPTION_CHOICE, &split, "song|pair", 0, 0, "Whether whole songs or any pairs are set aside"},
    {0, "share", OPTION_REAL, &share, "SHARE", 0, 1, "How much is set aside"},
    {OPTION_SEED(&seed, "Seed of the shuffling")},
    {OPTION_RATE_UNSTATED(&rate)},
    {OPTION_QUIET(&quiet, "No progress, nothing about songs that are too short")},
    {OPTION_PROGRESS(&progress)},
    {0},
};

static const struct program program = {"wave-to-chunks", "[FILE]", "Cut songs into chunks", 1, options};

enum { PURPOSE_ORDER = 1, PURPOSE_VALIDATION = 2 };

/* Where a pair is in the spool, and its song. */
struct pair {
    long where;
    size_t song;
};

struct pairs {
    FILE *spool;
    double rate;    /* of all songs, Hz */
    size_t samples; /* of a chunk */
    size_t count, songs;
    struct pair *pair; /* (count) */
};

/* A wave must be (2, samples), at the rate of the waves before. */
static void check_wave_or_die(const struct reader *reader, const struct record *wave, struct pairs *pairs)
{
    expect_kind_or_die(reader, wave, "wave");
    expect_stereo_or_die(reader, wave);
    double hertz = expect_rate_or_die(reader, wave, rate);
    if (pairs->rate > 0 && hertz != pairs->rate)
        reader_die(reader, "rate=%g, but the records before have %g", hertz, pairs->rate);
    pairs->rate = hertz;
    pairs->samples = (size_t)fmax(1, round(seconds * hertz));
}

static void warn_too_short(const struct reader *reader, const struct record *wave)
{
    char *source = record_fact(wave, "source");
    reader_warn(reader, "%s: skipped: shorter than two chunks of %g s", source ? source : "a song", seconds);
    free(source);
}

/* Writes the pairs of a song to the spool: pair p is chunks 2p and 2p + 1. The rest is dropped. */
static void put_song_or_die(struct pairs *pairs, const struct reader *reader, const struct record *wave,
                            struct record *pair)
{
    size_t samples = pairs->samples, length = wave->shape[1];
    double start = expect_number_or_die(reader, wave, "start", 0);
    record_copy_facts(pair, wave);
    record_set_fact(pair, "kind", "pair");
    record_set_fact(pair, "rate", "%.10g", pairs->rate);
    float *target = record_shape_or_die(pair, 3, (size_t[]){2, 2, samples});
    const float *source = wave->data;
    for (size_t p = 0; p < length / (2 * samples); p++, source += 2 * samples) {
        for (size_t part = 0; part < 4; part++) /* start left, start right, continuation left, right */
            memcpy(target + part * samples, source + part % 2 * length + part / 2 * samples,
                   samples * sizeof *target);
        record_set_fact(pair, "start", "%.10g", start + (double)(2 * p * samples) / pairs->rate);
        pairs->pair = reallocate_or_die(pairs->pair, pairs->count + 1, sizeof *pairs->pair);
        pairs->pair[pairs->count++] = (struct pair){spool_put_or_die(pairs->spool, pair), pairs->songs};
    }
    pairs->songs++;
}

/* taken[i]: song (or pair) i of `count` goes to the validation file. Neither side is empty, unless count
 * is 1. */
static bool *validation_or_die(size_t count)
{
    bool *taken = allocate_or_die(count, sizeof *taken);
    size_t *order = shuffled_or_die(random_key_make((uint64_t)seed, PURPOSE_VALIDATION, 0), count);
    size_t wanted = (size_t)fmin(fmax(1, round(share * (double)count)), (double)(count - 1));
    for (size_t i = 0; i < wanted; i++) taken[order[i]] = true;
    if (wanted == 0) warn("%s: no validation pairs: there is only one %s", validation_path, split);
    free(order);
    return taken;
}

static void write_pairs_or_die(const struct pairs *pairs, struct writer *training, struct writer *validation)
{
    bool by_song = strcmp(split, "song") == 0;
    bool *taken = validation ? validation_or_die(by_song ? pairs->songs : pairs->count) : NULL;
    size_t *order = shuffled_or_die(random_key_make((uint64_t)seed, PURPOSE_ORDER, 0), pairs->count);
    struct record record = {0};
    for (size_t i = 0; i < pairs->count; i++) {
        const struct pair *pair = &pairs->pair[order[i]];
        spool_seek_or_die(pairs->spool, pair->where);
        spool_get_or_die(pairs->spool, &record);
        bool aside = taken && taken[by_song ? pair->song : order[i]];
        writer_put_or_die(aside ? validation : training, &record);
    }
    record_free(&record);
    free(order);
    free(taken);
}

int main(int argc, char **argv)
{
    int operand = options_parse_or_die(&program, argc, argv);
    if (validation_path && strcmp(validation_path, "-") == 0) die_usage("-v -: the other pairs go there");
    struct reader *reader = reader_open_or_die(argv[operand]);
    struct writer *training = writer_open_or_die(NULL);
    struct writer *validation = validation_path ? writer_open_or_die(validation_path) : NULL;
    struct pairs pairs = {.spool = spool_open_or_die()};
    struct record wave = {0}, pair = {0};

    progress_begin("songs", 0, progress, quiet);
    while (reader_next_finite_or_die(reader, &wave)) {
        check_wave_or_die(reader, &wave, &pairs);
        if (wave.shape[1] / 2 >= pairs.samples)
            put_song_or_die(&pairs, reader, &wave, &pair);
        else if (!quiet)
            warn_too_short(reader, &wave);
        progress_show((double)reader_count(reader), NULL);
    }
    progress_end();
    if (pairs.count == 0) die("no song is as long as two chunks");
    write_pairs_or_die(&pairs, training, validation);
    writer_close_or_die(training);
    if (validation) writer_close_or_die(validation);
    reader_close(reader);
    record_free(&wave);
    record_free(&pair);
    free(pairs.pair);
    return 0;
}
