/* Markov chains of the frames of a training set, by a radix sort of the frames. */
#include "common/metrics/markov.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/fail.h"
#include "common/keys/piano-roll.h"
#include "common/level.h"
#include "common/memory.h"
#include "common/random.h"

/* Appends the frames of a part. */
static void add_part_or_die(struct markov_corpus *corpus, const struct score *score, size_t part,
                            struct piano_roll *roll)
{
    size_t lines = score->channels * score->rows, frames = score->frames, count = corpus->count + frames;
    if (count > UINT32_MAX) die("too many frames: %zu", count);
    corpus->loudness = reallocate_or_die(corpus->loudness, count * lines, sizeof *corpus->loudness);
    corpus->on = reallocate_or_die(corpus->on, count * score->rows, 1);
    corpus->interval = reallocate_or_die(corpus->interval, corpus->parts + 1, sizeof corpus->interval[0]);
    float *target = corpus->loudness + corpus->count * lines;
    unsigned char *on = corpus->on + corpus->count * score->rows;

    const float *source = score->loudness + part * lines * frames;
    float largest = level_peak(source, lines * frames);
    piano_roll_make_or_die(roll, score, part);
    for (size_t t = 0; t < frames; t++) {
        for (size_t line = 0; line < lines; line++)
            *target++ = largest > 0 ? fmaxf(0, source[line * frames + t]) / largest : 0;
        for (size_t k = 0; k < score->rows; k++) *on++ = roll->on[k * frames + t];
    }
    corpus->count = count;
    corpus->interval[corpus->parts++] = score->interval;
}

struct markov_corpus markov_corpus_read_or_die(const char *path, struct score defaults)
{
    struct markov_corpus corpus = {.shape = defaults};
    struct record record = {0};
    struct piano_roll roll = {0};
    struct reader *reader = reader_open_or_die(path);
    while (reader_next_finite_or_die(reader, &record)) {
        struct score score = score_or_die(reader, &record, corpus.shape);
        score_alike_or_die(reader, &score, &corpus.shape);
        for (size_t part = 0; part < score.parts; part++) add_part_or_die(&corpus, &score, part, &roll);
    }
    if (corpus.count == 0) die("%s: no records of keys", path ? path : "standard input");
    reader_close(reader);
    record_free(&record);
    free(roll.on);
    return corpus;
}

void markov_corpus_free(struct markov_corpus *corpus)
{
    free(corpus->loudness);
    free(corpus->on);
    free(corpus->interval);
    *corpus = (struct markov_corpus){0};
}

/* `order` is sorted by state; within a state frames with a successor come first, sorted by the state of the
 * successor, and frames that end a record last. So similar random numbers choose similar successors. */
struct markov_chain {
    uint32_t count;
    uint32_t *order; /* (count): frames */
    uint32_t *state; /* (count): the state of each frame */
    uint32_t *first; /* (states): index in `order` of the first frame in that state */
    uint32_t *next;  /* (states): number of frames in that state that have a successor */
};

/* A stable partition: frames with on[frame * stride] = 0 first. room (count): scratch memory. */
static void split(uint32_t *order, uint32_t *room, uint32_t count, const unsigned char *on, size_t stride)
{
    uint32_t off = 0, set = 0;
    for (uint32_t i = 0; i < count; i++)
        if (on[order[i] * stride])
            room[set++] = order[i];
        else
            order[off++] = order[i];
    memcpy(order + off, room, set * sizeof *order);
}

/* A radix sort, the least important criterion first: the keys of the successor, whether there is one, the
 * keys of the frame. */
static void sort_or_die(struct markov_chain *chain, const struct markov_corpus *corpus, size_t first,
                        size_t rows)
{
    uint32_t *room = allocate_or_die(chain->count, sizeof *room);
    unsigned char *last = allocate_or_die(chain->count, 1);
    for (uint32_t i = 0; i < chain->count; i++) {
        chain->order[i] = i;
        last[i] = (i + 1) % corpus->shape.frames == 0;
    }
    for (size_t k = first; k < first + rows; k++) /* the last frame of all has no successor */
        split(chain->order, room, chain->count - 1, corpus->on + corpus->shape.rows + k, corpus->shape.rows);
    split(chain->order, room, chain->count, last, 1);
    for (size_t k = first; k < first + rows; k++)
        split(chain->order, room, chain->count, corpus->on + k, corpus->shape.rows);
    free(room);
    free(last);
}

struct markov_chain *markov_chain_new_or_die(const struct markov_corpus *corpus, size_t first, size_t rows)
{
    struct markov_chain *chain = allocate_or_die(1, sizeof *chain);
    uint32_t count = (uint32_t)corpus->count, state = 0;
    const unsigned char *on = corpus->on + first;
    *chain = (struct markov_chain){
        count, allocate_or_die(count, sizeof *chain->order), allocate_or_die(count, sizeof *chain->state),
        allocate_or_die(count, sizeof *chain->first), allocate_or_die(count, sizeof *chain->next)};
    sort_or_die(chain, corpus, first, rows);
    for (uint32_t i = 0; i < count; i++) {
        size_t frame = chain->order[i], stride = corpus->shape.rows;
        if (i > 0 && memcmp(on + frame * stride, on + chain->order[i - 1] * stride, rows) != 0) {
            state++;
            chain->first[state] = i;
        }
        chain->state[frame] = state;
        chain->next[state] += (frame + 1) % corpus->shape.frames != 0;
    }
    chain->first = reallocate_or_die(chain->first, state + 1, sizeof *chain->first);
    chain->next = reallocate_or_die(chain->next, state + 1, sizeof *chain->next);
    return chain;
}

void markov_chain_free(struct markov_chain *chain)
{
    if (!chain) return;
    free(chain->order);
    free(chain->state);
    free(chain->first);
    free(chain->next);
    free(chain);
}

uint32_t markov_chain_next(const struct markov_chain *chain, uint32_t frame, uint32_t bits)
{
    uint32_t state = chain->state[frame], next = chain->next[state];
    if (next == 0) return random_below(bits, chain->count);
    return chain->order[chain->first[state] + random_below(bits, next)] + 1;
}
