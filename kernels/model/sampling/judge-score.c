/* Scores records, a batch at a time. */
#include "kernels/model/sampling/judge-score.h"

#include <stdlib.h>
#include <string.h>

#include "common/fail.h"
#include "common/memory.h"

struct scoring {
    struct judge *judge;
    struct writer *writer;
    real *seen;                       /* of a batch */
    struct record batch[JUDGE_BATCH]; /* that are to be scored */
    int count;                        /* of them so far */
    size_t left_out;
};

static bool was_trained_on(const struct judge *judge, uint64_t song)
{
    for (size_t i = 0; i < judge->songs; i++)
        if (judge->song[i] == song) return true;
    return false;
}

/* A full batch each time, so that a score does not depend on how many there are. */
static void write_batch_or_die(struct scoring *s)
{
    real logits[JUDGE_BATCH];
    judge_forward(s->judge, s->seen, (struct pass){0});
    s->judge->session.ops->download(logits, s->judge->critic.logit.data, JUDGE_BATCH);
    for (int i = 0; i < s->count; i++) record_set_fact(&s->batch[i], "score", "%.6g", (double)logits[i]);
    writer_put_all_or_die(s->writer, s->batch, s->count);
    s->count = 0;
}

/* Part `part` of a record as a record of its own. */
static void copy_part(struct record *to, const struct record *from, const struct score *score, size_t part)
{
    size_t count = score->channels * score->rows * score->frames;
    float *values = record_shape_or_die(to, 3, (size_t[]){score->channels, score->rows, score->frames});
    memcpy(values, (const float *)from->data + part * count, count * sizeof values[0]);
    record_copy_facts(to, from);
    record_remove_fact(to, "crc32");
    double start = record_fact_number(from, "start", -1);
    if (part > 0 && start >= 0)
        record_set_fact(to, "start", "%.9g", start + (double)part * (double)score->frames * score->interval);
}

static void score_parts_or_die(struct scoring *s, const struct record *record, const struct score *score)
{
    struct roll_set set = {0};
    size_t each = tensor_count(s->judge->seen) / JUDGE_BATCH;
    roll_set_add_or_die(&set, score, record);
    for (size_t i = 0; i < set.count; i++) {
        if (was_trained_on(s->judge, set.song[i])) {
            s->left_out++;
            continue;
        }
        critic_see(s->seen + (size_t)s->count * each, &set, i,
                   (struct critic_window){.frames = s->judge->frames}, s->judge->loudness);
        copy_part(&s->batch[s->count++], record, score, i);
        if (s->count == JUDGE_BATCH) write_batch_or_die(s);
    }
    roll_set_free(&set);
}

void judge_score_or_die(struct judge *judge, const char *path, struct writer *writer, bool quiet)
{
    struct scoring s = {.judge = judge, .writer = writer};
    struct reader *reader = reader_open_or_die(path);
    struct record record = {0};
    s.seen = allocate_or_die(tensor_count(judge->seen), sizeof s.seen[0]);
    while (reader_next_finite_or_die(reader, &record)) {
        struct score score = score_or_die(reader, &record, judge->score);
        judge->score.channels = score.channels;
        score_alike_or_die(reader, &score, &judge->score);
        score_parts_or_die(&s, &record, &score);
    }
    if (s.count) write_batch_or_die(&s);
    if (s.left_out && !quiet) warn("%zu records left out: the judge was trained on their songs", s.left_out);
    for (int i = 0; i < JUDGE_BATCH; i++) record_free(&s.batch[i]);
    record_free(&record);
    reader_close(reader);
    free(s.seen);
}
