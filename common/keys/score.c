/* A keys record as a score. */
#include "common/keys/score.h"

#include <math.h>
#include <stdlib.h>

#include "common/stream/expect.h"

static void read_shape_or_die(struct score *score, const struct reader *reader, const struct record *record)
{
    char shape[256];
    bool mono = record->rank == 2, stereo = record->rank > 2 && record->shape[record->rank - 3] == 2;
    record_shape_text(record, shape, sizeof shape);
    if (record->count == 0 || !(mono || stereo))
        reader_die(reader, "shape %s is not (..., 2, keys, frames)", shape);
    score->channels = mono ? 1 : 2;
    score->rows = record->shape[record->rank - 2];
    score->frames = record->shape[record->rank - 1];
    score->parts = record->count / (score->channels * score->rows * score->frames);
    score->loudness = record->data;
}

size_t score_beat_or_die(const struct reader *reader, const struct record *record)
{
    double beat = expect_number_or_die(reader, record, "beat", 0);
    if (!(beat >= 0 && beat <= BEAT_MOST && beat == floor(beat)))
        reader_die(reader, "beat=%g is not a number of frames, at most %d", beat, BEAT_MOST);
    return (size_t)beat;
}

static void read_facts_or_die(struct score *score, const struct reader *reader, const struct record *record)
{
    char *keys = record_fact(record, "keys"), *width = record_fact(record, "width");
    if (keys && !key_range_parse(keys, &score->keys))
        reader_die(reader, "keys=%s: not two keys in 1-88", keys);
    if (width && !key_width_parse(width, &score->width))
        reader_die(reader, "width=%s: not like 12.5Hz or 0.25st", width);
    score->interval = expect_number_or_die(reader, record, "interval", score->interval);
    if (!(score->interval > 0 && score->interval <= 10))
        reader_die(reader, "interval=%g is not above 0 and at most 10 s", score->interval);
    score->beat = score_beat_or_die(reader, record);
    if (score->beat && isnan(record_fact_number(record, "interval", NAN)))
        reader_die(reader, "beat=%zu without an interval", score->beat);
    double drums = expect_number_or_die(reader, record, "drums", 0);
    if (drums != 0 && drums != KEYBOARD_DRUMS)
        reader_die(reader, "drums=%g is neither 0 nor %d", drums, KEYBOARD_DRUMS);
    score->drums = (size_t)drums;
    score->pitched = (size_t)(score->keys.last - score->keys.first + 1);
    free(keys);
    free(width);
}

struct score score_or_die(const struct reader *reader, const struct record *record, struct score defaults)
{
    struct score score = defaults;
    expect_kind_or_die(reader, record, "keys");
    read_shape_or_die(&score, reader, record);
    read_facts_or_die(&score, reader, record);
    if (score.rows != score.pitched + score.drums)
        reader_die(reader, "%zu rows for the keys %d-%d%s", score.rows, score.keys.first, score.keys.last,
                   score.drums ? " and three drums" : "");
    return score;
}

void score_alike_or_die(const struct reader *reader, const struct score *score, struct score *shape)
{
    if (shape->frames == 0) *shape = *score;
    if (score->keys.first != shape->keys.first || score->keys.last != shape->keys.last)
        reader_die(reader, "keys %d-%d, but the records before have %d-%d", score->keys.first,
                   score->keys.last, shape->keys.first, shape->keys.last);
    if (score->drums != shape->drums)
        reader_die(reader, "%zu drums, but the records before have %zu", score->drums, shape->drums);
    if (score->beat != shape->beat)
        reader_die(reader, "beats of %zu frames, but the records before have %zu", score->beat, shape->beat);
    if (score->frames != shape->frames || (!score->beat && score->interval != shape->interval))
        reader_die(reader, "%zu frames of %g s, but the records before have %zu of %g s", score->frames,
                   score->interval, shape->frames, shape->interval);
    if (score->channels != shape->channels)
        reader_die(reader, "%zu channels, but the records before have %zu", score->channels, shape->channels);
}

/* The largest loudness of the rows first … end - 1. */
static float loudest(const struct score *score, size_t part, size_t first, size_t end)
{
    size_t size = score->rows * score->frames;
    const float *loudness = score->loudness + part * score->channels * size;
    float largest = 0;
    for (size_t c = 0; c < score->channels; c++)
        for (size_t i = first * score->frames; i < end * score->frames; i++)
            if (loudness[c * size + i] > largest) largest = loudness[c * size + i];
    return largest;
}

float score_loudest_key(const struct score *score, size_t part)
{
    return loudest(score, part, 0, score->pitched);
}

float score_loudest_drum(const struct score *score, size_t part)
{
    return loudest(score, part, score->pitched, score->rows);
}

float score_loudest_in_row(const struct score *score, size_t part, size_t row)
{
    return loudest(score, part, row, row + 1);
}

void score_line(const struct score *score, size_t channel, size_t k, float *line)
{
    for (size_t part = 0; part < score->parts; part++) {
        size_t row = (part * score->channels + channel) * score->rows + k;
        const float *source = score->loudness + row * score->frames;
        for (size_t t = 0; t < score->frames; t++) *line++ = source[t] > 0 ? source[t] : 0;
    }
}

void score_line_loudest(const struct score *score, size_t k, float *line)
{
    score_line(score, 0, k, line);
    for (size_t part = 0; part < score->parts && score->channels > 1; part++) {
        const float *right =
            score->loudness + ((part * score->channels + 1) * score->rows + k) * score->frames;
        float *target = line + part * score->frames;
        for (size_t t = 0; t < score->frames; t++)
            if (right[t] > target[t]) target[t] = right[t];
    }
}
