/* Makes a judge, writes it to a tensor stream and reads it from one. */
#include "kernels/model/judge.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/judge/passage.h"
#include "common/memory.h"
#include "kernels/model/model.h"

static const char *const sights[] = {"roll", "roll+loudness"};

struct judge *judge_new_or_die(const struct ops *ops, const struct score *score, bool loudness, bool windows)
{
    struct judge *j = allocate_or_die(1, sizeof *j);
    size_t keys = score->pitched - 2 * passage_edge_keys(score);
    size_t frames = score->frames - 2 * passage_edge_frames(score);
    j->loudness = loudness, j->score = *score;
    j->frames = windows ? frames - frames * 2 / 5 : frames;
    struct critic_shape shape = {(int)keys, (int)j->frames, (int)critic_channels(score->drums, loudness)};
    j->session = session_make(ops, NULL,
                              (struct keys_shape){(int)score->rows, (int)score->frames, (int)score->drums, 0},
                              JUDGE_BATCH);
    j->parameters = parameters_make(&j->session, "critic");
    critic_make_or_die(&j->critic, &j->session, &j->parameters, shape, windows);
    parameters_allocate_or_die(&j->parameters, windows);
    j->seen = tensor_make(NULL, JUDGE_BATCH * shape.keys, shape.frames, shape.channels);
    j->seen.data = session_memory_or_die(&j->session, tensor_count(j->seen));
    return j;
}

void judge_forward(struct judge *j, const real *seen, struct pass pass)
{
    j->session.ops->upload(j->seen.data, seen, tensor_count(j->seen));
    critic_forward(&j->critic, j->seen, pass);
}

void judge_free(struct judge *j)
{
    critic_free(&j->critic);
    parameters_free(&j->parameters);
    session_release(&j->session);
    free(j->song);
    free(j);
}

void judge_write_or_die(struct writer *writer, const struct judge *j)
{
    const struct score *score = &j->score;
    struct record record = {
        .element = ELEMENT_I8, .rank = 1, .shape = {j->songs}, .count = j->songs, .data = j->song};
    record_set_fact(&record, "kind", "judge");
    record_set_fact(&record, "sees", "%s", sights[j->loudness]);
    record_set_fact(&record, "shape", "%zux%zu", score->rows, score->frames);
    if (score->beat)
        record_set_fact(&record, "beat", "%zu", score->beat);
    else
        record_set_fact(&record, "interval", "%.9g", score->interval);
    record_set_fact(&record, "keys", "%d-%d", score->keys.first, score->keys.last);
    if (score->drums) record_set_fact(&record, "drums", "%zu", score->drums);
    writer_put_or_die(writer, &record);
    free(record.facts);
    for (int i = 0; i < j->parameters.count; i++) {
        const struct parameter *row = &j->parameters.table[i];
        write_values_or_die(writer, j->session.ops, row->weight->value, "parameter", row->name, row->rank,
                            row->shape);
    }
}

/* The score that the judge's first record asks for. */
static struct score read_score_or_die(const struct reader *reader, const struct record *record)
{
    struct score score = {.keys = {KEYS_FIRST_DEFAULT, KEYS_LAST_DEFAULT}, .interval = FRAME_SECONDS_DEFAULT};
    char *shape = record_fact(record, "shape"), *keys = record_fact(record, "keys"), rest;
    bool read = shape && sscanf(shape, "%zux%zu%c", &score.rows, &score.frames, &rest) == 2 &&
                (!keys || key_range_parse(keys, &score.keys));
    score.interval = record_fact_number(record, "interval", score.interval);
    score.beat = score_beat_or_die(reader, record);
    score.drums = (size_t)record_fact_number(record, "drums", 0);
    score.pitched = (size_t)(score.keys.last - score.keys.first + 1);
    if (!read || score.rows != score.pitched + score.drums || score.frames < 1 || score.frames > 1 << 20)
        reader_die(reader, "not a judge: its first record does not say the shape of the keys");
    free(shape);
    free(keys);
    return score;
}

/* The judge of the first record, without its parameters. */
static struct judge *read_header_or_die(const char *device, struct reader *reader, struct record *record)
{
    char *sees = NULL;
    if (!reader_next_or_die(reader, record) || !record_is(record, "judge") || record->element != ELEMENT_I8)
        reader_die(reader, "not a judge: gan-train --against makes one");
    sees = record_fact(record, "sees");
    bool loudness = sees && strcmp(sees, sights[true]) == 0;
    if (!loudness && (!sees || strcmp(sees, sights[false]) != 0))
        reader_die(reader, "not a judge: its first record does not say what it sees");
    struct score score = read_score_or_die(reader, record);
    struct judge *j = judge_new_or_die(ops_choose_or_die(device, PRECISION_AUTO), &score, loudness, false);
    j->songs = record->count;
    j->song = allocate_or_die(record->count, sizeof j->song[0]);
    memcpy(j->song, record->data, record->count * sizeof j->song[0]);
    free(sees);
    return j;
}

struct judge *judge_read_or_die(const char *device, const char *path)
{
    struct reader *reader = reader_open_or_die(path);
    struct record record = {0};
    struct judge *j = read_header_or_die(device, reader, &record);
    const struct parameters *p = &j->parameters;
    bool *found = allocate_or_die((size_t)p->count, sizeof found[0]);
    while (reader_next_or_die(reader, &record)) {
        char *name = record_fact(&record, "name");
        int index = name ? parameters_find(p, name) : -1;
        if (index < 0 || record.count != p->table[index].count)
            reader_die(reader, "%s: the judge has no such parameter", name ? name : "no name");
        if (found[index]) reader_die(reader, "%s stands there twice", name);
        upload_floats(j->session.ops, p->table[index].weight->value, reader_finite_or_die(reader, &record),
                      record.count);
        found[index] = true;
        free(name);
    }
    for (int i = 0; i < p->count; i++)
        if (!found[i]) reader_die(reader, "%s is missing", p->table[i].name);
    free(found);
    record_free(&record);
    reader_close(reader);
    return j;
}
