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

/* out (keys, frames, 2): the frames from number `first` on of in (2, keys, length). */
static void interleave(real *out, const float *in, struct keys_shape keys, size_t length, size_t first)
{
    size_t rows = (size_t)keys.keys, frames = (size_t)keys.frames;
    for (size_t k = 0; k < rows; k++)
        for (size_t t = 0; t < frames; t++)
            for (size_t c = 0; c < CHANNELS; c++)
                out[(k * frames + t) * CHANNELS + c] = (real)in[(c * rows + k) * length + first + t];
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
static struct origin origin_of(const struct dataset *d, const struct record *record, struct reader *reader)
{
    struct keys_facts facts = keys_facts_read(d->facts, d->keys.keys);
    return (struct origin){.song = record_song(record),
                           .start = expect_number_or_die(reader, record, "start", 0),
                           .interval = keys_interval_or_die(reader, record, &facts)};
}

bool dataset_normalise(const struct config *config, real *values, size_t count, real *peak)
{
    return (config->normalize == NORMALIZE_STANDARD ? normalise_standard : normalise_peak)(values, count,
                                                                                           peak);
}

/* Normalises a chunk, and writes it to the file where it sounds. */
static void keep_chunk(struct dataset *d, FILE *file, const struct config *config, real *chunk,
                       struct origin origin, const struct record *record)
{
    size_t count = CHANNELS * (size_t)d->keys.keys * (size_t)d->keys.frames;
    if (!dataset_normalise(config, chunk, count, &origin.peak)) {
        d->silent++;
        return;
    }
    d->checksum = checksum_crc32(d->checksum, chunk, count * sizeof(real));
    if (fwrite(chunk, sizeof(real), count, file) != count) die("temporary file: %s", strerror(errno));
    origin.next = d->records;
    origin.source = d->cut ? record_fact(record, "source") : NULL;
    d->origin = reallocate_or_die(d->origin, d->records + 1, sizeof d->origin[0]);
    d->origin[d->records++] = origin;
}

/* Keeps the record's parts, (2, keys, length) each: as they are, or cut into windows, of which the last one
 * ends with the part. */
static void keep_parts(struct dataset *d, FILE *file, const struct config *config,
                       const struct record *record, struct origin origin, real *chunk)
{
    size_t length = record->shape[record->rank - 1], frames = (size_t)d->keys.frames;
    size_t part = CHANNELS * (size_t)d->keys.keys * length, step = d->keys.beat ? (size_t)d->keys.beat : 1;
    double start = origin.start;
    for (size_t at = 0; at < record->count; at += part, start += (double)length * origin.interval)
        for (size_t window = 0; window * frames < length; window++) {
            bool whole = (window + 1) * frames <= length;
            size_t first = whole ? window * frames : (length - frames) / step * step;
            interleave(chunk, (const float *)record->data + at, d->keys, length, first);
            origin.start = start + (double)first * origin.interval;
            keep_chunk(d, file, config, chunk, origin, record);
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
        double seconds = sorted[i]->interval * d->keys.frames,
               gap = sorted[i + 1]->start - sorted[i]->start - seconds;
        bool same = sorted[i]->song && sorted[i]->song == sorted[i + 1]->song;
        if (same && fabs(gap) < 0.01 * seconds) sorted[i]->next = (size_t)(sorted[i + 1] - d->origin);
    }
    free(sorted);
}

/* Dies unless the record is (…, 2, keys, frames). */
static void check_keys_or_die(const struct reader *reader, const struct record *record, const char *shape)
{
    if (record->rank < 3 || record->shape[record->rank - 3] != CHANNELS || record->count == 0)
        reader_die(reader, "shape %s is not keys: (…, 2, keys, frames)", shape);
}

/* To train on: the first record sets the keys and frames of all. */
static void check_shape_or_die(struct dataset *d, const struct reader *reader, const struct record *record,
                               int seq_len)
{
    char shape[128];
    record_shape_text(record, shape, sizeof shape);
    check_keys_or_die(reader, record, shape);
    size_t keys = record->shape[record->rank - 2], frames = record->shape[record->rank - 1];
    if (keys * frames != (size_t)seq_len)
        reader_die(reader, "shape %s: keys times frames is not the configuration's seq_len, %d", shape,
                   seq_len);
    if (!d->keys.keys) d->keys = (struct keys_shape){.keys = (int)keys, .frames = (int)frames};
    if (keys != (size_t)d->keys.keys)
        reader_die(reader, "shape %s: all records must have %d keys and %d frames", shape, d->keys.keys,
                   d->keys.frames);
}

void dataset_check_window_or_die(const struct reader *reader, const struct record *record,
                                 struct keys_shape keys)
{
    char shape[128];
    expect_kind_or_die(reader, record, "keys");
    record_shape_text(record, shape, sizeof shape);
    check_keys_or_die(reader, record, shape);
    if (record->shape[record->rank - 2] != (size_t)keys.keys)
        reader_die(reader, "shape %s: the model has %d keys, not %zu", shape, keys.keys,
                   record->shape[record->rank - 2]);
}

/* Sets what the facts of all records say. A window must begin on a beat wherever it is cut. */
static void check_beat_or_die(struct dataset *d, const struct reader *reader)
{
    struct keys_facts facts = keys_facts_read(d->facts, d->keys.keys);
    d->keys.drums = facts.drums;
    d->keys.beat = (int)facts.beat;
    if (facts.beat && (size_t)d->keys.frames % facts.beat)
        reader_die(reader, "%d frames are not whole beats of %zu", d->keys.frames, facts.beat);
}

/* To cut windows from: as many keys as the model has, and at least its frames. */
static void check_length_or_die(const struct dataset *d, struct reader *reader, const struct record *record)
{
    size_t frames = record->shape[record->rank - 1];
    dataset_check_window_or_die(reader, record, d->keys);
    if (frames < (size_t)d->keys.frames)
        reader_die(reader, "%zu frames: the model needs %d, %g s", frames, d->keys.frames,
                   d->keys.frames * origin_of(d, record, reader).interval);
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

static void read_records_or_die(struct dataset *d, struct reader *reader, const struct config *config)
{
    struct record record = {0};
    FILE *file = spool_open_or_die();
    real *chunk = allocate_or_die((size_t)config->model.seq_len * CHANNELS, sizeof chunk[0]);
    while (reader_next_finite_or_die(reader, &record)) {
        expect_kind_or_die(reader, &record, "keys");
        keys_facts_keep_or_die(&d->facts, reader, &record,
                               d->cut ? "the model has" : "the records before have");
        if (d->cut)
            check_length_or_die(d, reader, &record);
        else
            check_shape_or_die(d, reader, &record, config->model.seq_len);
        check_beat_or_die(d, reader);
        keep_parts(d, file, config, &record, origin_of(d, &record, reader), chunk);
    }
    if (!d->records) die("no record sounds: nothing to learn from (%zu silent)", d->silent);
    map_file(d, file);
    free(chunk);
    record_free(&record);
}

struct dataset dataset_read_or_die(struct reader *reader, const struct config *config)
{
    struct dataset d = {0};
    read_records_or_die(&d, reader, config);
    link_neighbours(&d);
    return d;
}

struct dataset dataset_cut_or_die(struct reader *reader, const struct config *config, struct keys_shape keys,
                                  char *facts)
{
    struct dataset d = {.keys = keys, .cut = true, .facts = facts ? text_or_die("%s", facts) : NULL};
    read_records_or_die(&d, reader, config);
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
    for (size_t i = 0; i < d->records; i++) free(d->origin[i].source);
    free(d->origin);
    munmap((void *)(uintptr_t)d->values, d->bytes);
    free(d->facts);
}
