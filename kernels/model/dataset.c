/* Reads the data set, normalises it, links records that follow one another in a song, gathers batches. */
#include "kernels/model/dataset.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "common/checksum.h"
#include "common/fail.h"
#include "common/keys/keyboard.h"
#include "common/memory.h"
#include "common/stream/expect.h"
#include "common/stream/spool.h"
#include "kernels/model/keys-facts.h"

enum { CHANNELS = 2 };

/* (channel, cell) to (cell, channel). */
static void interleave(real *out, const float *in, size_t cells)
{
    for (size_t i = 0; i < cells; i++) {
        for (size_t c = 0; c < CHANNELS; c++) out[i * CHANNELS + c] = (real)in[c * cells + i];
    }
}

/* Divides the record by its largest value, the peak; false where nothing sounds. */
static bool normalise_peak(real *values, size_t count, real *peak)
{
    real largest = 0;
    for (size_t i = 0; i < count; i++) largest = values[i] > largest ? values[i] : largest;
    if (!(largest > 0)) return false;
    for (size_t i = 0; i < count; i++) values[i] /= largest;
    *peak = largest;
    return true;
}

/* Standardises each channel: (x - mean) / (standard deviation + 1e-8). False where nothing sounds. */
static bool normalise_standard(real *values, size_t count, real *peak)
{
    double n = (double)(count / CHANNELS);
    bool sounds = false;
    *peak = 1;
    for (size_t c = 0; c < CHANNELS; c++) {
        double sum = 0, squares = 0;
        for (size_t i = c; i < count; i += CHANNELS) sum += (double)values[i];
        for (size_t i = c; i < count; i += CHANNELS) {
            double centred = (double)values[i] - sum / n;
            squares += centred * centred;
            sounds |= values[i] != 0;
        }
        double deviation = sqrt(squares / fmax(n - 1, 1)) + 1e-8;
        for (size_t i = c; i < count; i += CHANNELS)
            values[i] = (real)(((double)values[i] - sum / n) / deviation);
    }
    return sounds;
}

/* Where the record's first chunk comes from. */
static struct origin origin_of(const struct record *record, struct reader *reader)
{
    return (struct origin){.song = record_song(record),
                           .start = expect_number_or_die(reader, record, "start", 0)};
}

/* Normalises the record's chunks, and writes those that sound to the file. */
static void keep_chunks(struct dataset *d, FILE *file, const struct record *record, struct origin origin,
                        bool standard, real *chunk)
{
    size_t cells = (size_t)d->keys.keys * (size_t)d->keys.frames, count = CHANNELS * cells;
    for (size_t first = 0; first < record->count; first += count, origin.start += d->seconds) {
        interleave(chunk, (const float *)record->data + first, cells);
        if (!(standard ? normalise_standard : normalise_peak)(chunk, count, &origin.peak)) {
            d->silent++;
            continue;
        }
        d->checksum = checksum_crc32(d->checksum, chunk, count * sizeof(real));
        if (fwrite(chunk, sizeof(real), count, file) != count) die("temporary file: %s", strerror(errno));
        origin.next = d->records;
        d->origin = reallocate_or_die(d->origin, d->records + 1, sizeof d->origin[0]);
        d->origin[d->records++] = origin;
    }
}

/* By song, then by start; for qsort. */
static int by_start(const void *a, const void *b)
{
    const struct origin *x = *(const struct origin *const *)a, *y = *(const struct origin *const *)b;
    if (x->song != y->song) return x->song < y->song ? -1 : 1;
    return (x->start > y->start) - (x->start < y->start);
}

/* Sets `next` of all origins. */
static void link_neighbours(struct dataset *d)
{
    struct origin **sorted = allocate_or_die(d->records, sizeof sorted[0]);
    for (size_t i = 0; i < d->records; i++) sorted[i] = &d->origin[i];
    qsort(sorted, d->records, sizeof sorted[0], by_start);
    for (size_t i = 0; i + 1 < d->records; i++) {
        double gap = sorted[i + 1]->start - sorted[i]->start - d->seconds;
        bool same = sorted[i]->song && sorted[i]->song == sorted[i + 1]->song;
        if (same && fabs(gap) < 0.01 * d->seconds) sorted[i]->next = (size_t)(sorted[i + 1] - d->origin);
    }
    free(sorted);
}

/* Dies unless the record has (…, 2, keys, frames); the first record sets the keys and frames of all. */
static void check_shape_or_die(struct dataset *d, const struct reader *reader, const struct record *record,
                               int seq_len)
{
    char shape[128];
    int last = record->rank - 1;
    record_shape_text(record, shape, sizeof shape);
    if (record->rank < 3 || record->shape[last - 2] != CHANNELS || record->count == 0)
        reader_die(reader, "shape %s is not keys: (…, 2, keys, frames)", shape);
    size_t keys = record->shape[last - 1], frames = record->shape[last];
    if (keys * frames != (size_t)seq_len)
        reader_die(reader, "shape %s: keys times frames is not the configuration's seq_len, %d", shape,
                   seq_len);
    if (!d->keys.keys) d->keys = (struct keys_shape){.keys = (int)keys, .frames = (int)frames};
    if (keys != (size_t)d->keys.keys)
        reader_die(reader, "shape %s: all records must have %d keys and %d frames", shape, d->keys.keys,
                   d->keys.frames);
}

/* Keeps the facts that samples get too. */
static void keep_facts(struct dataset *d, const struct record *record)
{
    static const char *const kept[] = {"interval", "keys", "drums", "rate", "lead"};
    struct record facts = {0};
    for (size_t i = 0; i < sizeof kept / sizeof kept[0]; i++) {
        char *value = record_fact(record, kept[i]);
        if (value) record_set_fact(&facts, kept[i], "%s", value);
        free(value);
    }
    d->facts = facts.facts;
}

static void map_file(struct dataset *d, FILE *file)
{
    d->bytes = d->records * (size_t)d->keys.keys * (size_t)d->keys.frames * CHANNELS * sizeof(real);
    if (fflush(file)) die("temporary file: %s", strerror(errno));
    void *map = mmap(NULL, d->bytes, PROT_READ, MAP_PRIVATE, fileno(file), 0);
    if (map == MAP_FAILED) die("temporary file: cannot be mapped: %s", strerror(errno));
    d->values = map;
    if (fclose(file)) die("temporary file: %s", strerror(errno));
}

struct dataset dataset_read_or_die(struct reader *reader, const struct config *config)
{
    struct dataset d = {0};
    struct record record = {0};
    FILE *file = spool_open_or_die();
    real *chunk = allocate_or_die((size_t)config->model.seq_len * CHANNELS, sizeof chunk[0]);
    while (reader_next_finite_or_die(reader, &record)) {
        expect_kind_or_die(reader, &record, "keys");
        check_shape_or_die(&d, reader, &record, config->model.seq_len);
        if (!d.facts) keep_facts(&d, &record);
        if (d.seconds == 0)
            d.seconds =
                d.keys.frames * expect_number_or_die(reader, &record, "interval", FRAME_SECONDS_DEFAULT);
        keep_chunks(&d, file, &record, origin_of(&record, reader), config->normalize == NORMALIZE_STANDARD,
                    chunk);
    }
    if (!d.records) die("no record sounds: nothing to learn from (%zu silent)", d.silent);
    map_file(&d, file);
    d.keys.drums = keys_facts_read(d.facts, d.keys.keys).drums;
    link_neighbours(&d);
    free(chunk);
    record_free(&record);
    return d;
}

size_t dataset_batches(size_t records, int batch)
{
    return (records + (size_t)batch - 1) / (size_t)batch;
}

static size_t record_values(const struct dataset *d)
{
    return (size_t)d->keys.keys * (size_t)d->keys.frames * CHANNELS;
}

void dataset_place_or_die(struct dataset *d, const struct ops *ops, int batch, bool on_host)
{
    d->ops = ops;
    size_t available = ops->available();
    if (on_host || available == SIZE_MAX || d->bytes > available / 2) {
        d->batch = allocate_or_die((size_t)batch * record_values(d), sizeof d->batch[0]);
        return;
    }
    d->placed = ops->allocate_or_die(d->records * record_values(d));
    ops->upload(d->placed, d->values, d->records * record_values(d));
}

void dataset_batch(const struct dataset *d, struct tensor records, const size_t *order, size_t number)
{
    size_t batch = (size_t)records.batch, count = record_values(d);
    size_t *chosen = allocate_or_die(batch, sizeof chosen[0]);
    for (size_t i = 0; i < batch; i++) chosen[i] = order[(number * batch + i) % d->records];
    if (d->placed) {
        d->ops->gather(records, d->placed, chosen);
    } else {
        for (size_t i = 0; i < batch; i++)
            memcpy(d->batch + i * count, d->values + chosen[i] * count, count * sizeof(real));
        d->ops->upload(records.data, d->batch, batch * count);
    }
    free(chosen);
}

void dataset_free(struct dataset *d)
{
    if (d->placed) d->ops->release(d->placed);
    free(d->batch);
    free(d->origin);
    munmap((void *)(uintptr_t)d->values, d->bytes);
    free(d->facts);
}
