/* Makes piano rolls of bytes. */
#include "common/judge/roll.h"

#include <math.h>
#include <stdlib.h>

#include "common/checksum.h"
#include "common/judge/passage.h"
#include "common/memory.h"

size_t roll_size(const struct roll_set *set)
{
    return 2 * (set->keys + set->drums) * set->frames;
}

static unsigned char cell_of(float loudness, float largest)
{
    double share = largest > 0 ? (double)loudness / (double)largest : 0;
    return share > PASSAGE_THRESHOLD ? (unsigned char)lround(255 * sqrt(share)) : 0;
}

/* A row of the score as one of the roll, (frames, 2). */
static void set_row(unsigned char *to, const struct roll_set *set, const struct score *score, size_t part,
                    size_t row, float largest)
{
    size_t size = score->rows * score->frames;
    const float *left =
        score->loudness + part * score->channels * size + row * score->frames + passage_edge_frames(score);
    const float *right = left + (score->channels - 1) * size;
    for (size_t t = 0; t < set->frames; t++) {
        to[2 * t] = cell_of(left[t], largest);
        to[2 * t + 1] = cell_of(right[t], largest);
    }
}

static void set_roll(unsigned char *to, const struct roll_set *set, const struct score *score, size_t part)
{
    float key = score_loudest_key(score, part);
    size_t edge = passage_edge_keys(score), each = 2 * set->frames;
    for (size_t k = 0; k < set->keys; k++, to += each) set_row(to, set, score, part, k + edge, key);
    for (size_t row = score->pitched; row < score->rows; row++, to += each)
        set_row(to, set, score, part, row, score_loudest_in_row(score, part, row));
}

void roll_set_add_or_die(struct roll_set *set, const struct score *score, const struct record *record)
{
    set->keys = score->pitched - 2 * passage_edge_keys(score);
    set->drums = score->drums;
    set->frames = score->frames - 2 * passage_edge_frames(score);
    size_t first = set->count, count = first + score->parts, size = roll_size(set);
    uint64_t song = record_song(record);
    set->cells = reallocate_or_die(set->cells, count * size, 1);
    set->song = reallocate_or_die(set->song, count, sizeof set->song[0]);
    set->count = count;
    for (size_t i = first; i < count; i++) {
        unsigned char *cells = set->cells + i * size;
        set_roll(cells, set, score, i - first);
        set->song[i] = song ? song : UINT64_C(1) << 32 | checksum_crc32(0, cells, size);
    }
}

struct roll_set roll_set_read_or_die(const char *path, struct score *shape)
{
    struct reader *reader = reader_open_or_die(path);
    struct record record = {0};
    struct roll_set set = {0};
    while (reader_next_finite_or_die(reader, &record)) {
        struct score score = score_or_die(reader, &record, *shape);
        score_alike_or_die(reader, &score, shape);
        roll_set_add_or_die(&set, &score, &record);
    }
    record_free(&record);
    reader_close(reader);
    return set;
}

void roll_set_free(struct roll_set *set)
{
    free(set->cells);
    free(set->song);
    *set = (struct roll_set){0};
}
