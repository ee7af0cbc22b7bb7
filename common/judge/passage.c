/* Cuts a record down to what a classifier may judge, and finds its notes. */
#include "common/judge/passage.h"

#include <math.h>
#include <stdlib.h>

#include "common/memory.h"

enum { EDGE_FRAMES = 12, EDGE_KEYS = 5, LEAST_FRAMES = 4 * EDGE_FRAMES, LEAST_KEYS = 4 * EDGE_KEYS };

/* A cell from the loudness of its two channels, in shares of the record's largest. */
static void set_cell(struct passage *passage, size_t cell, double left, double right)
{
    double loudness = fmax(left, right);
    passage->on[cell] = 0;
    passage->level[cell] = passage->balance[cell] = 0;
    if (loudness <= PASSAGE_THRESHOLD) return;
    passage->on[cell] = 1;
    passage->level[cell] = (float)(20 * log10(fmax(loudness, PASSAGE_THRESHOLD)));
    passage->balance[cell] = (float)((left - right) / (left + right));
}

size_t passage_edge_frames(const struct score *score)
{
    return score->frames < LEAST_FRAMES ? 0 : EDGE_FRAMES;
}

size_t passage_edge_keys(const struct score *score)
{
    return score->pitched < LEAST_KEYS ? 0 : EDGE_KEYS;
}

void passage_make_or_die(struct passage *passage, const struct score *score, size_t part)
{
    size_t edge_keys = passage_edge_keys(score), edge_frames = passage_edge_frames(score);
    size_t size = score->rows * score->frames, all = score->channels * size;
    const float *left = score->loudness + part * all, *right = left + all - size;
    double largest = (double)score_loudest_key(score, part);
    passage->keys = score->pitched - 2 * edge_keys;
    passage->frames = score->frames - 2 * edge_frames;
    passage->first = score->keys.first + (int)edge_keys;
    passage->interval = score->interval;
    size_t cells = passage->keys * passage->frames;
    passage->on = reallocate_or_die(passage->on, cells, sizeof passage->on[0]);
    passage->level = reallocate_or_die(passage->level, cells, sizeof passage->level[0]);
    passage->balance = reallocate_or_die(passage->balance, cells, sizeof passage->balance[0]);
    for (size_t i = 0; i < cells; i++) {
        size_t from = (i / passage->frames + edge_keys) * score->frames + i % passage->frames + edge_frames;
        double l = fmax(0, (double)left[from]), r = fmax(0, (double)right[from]);
        set_cell(passage, i, largest > 0 ? l / largest : 0, largest > 0 ? r / largest : 0);
    }
}

void passage_free(struct passage *passage)
{
    free(passage->on);
    free(passage->level);
    free(passage->balance);
    *passage = (struct passage){0};
}

static double mean_of(const float *values, size_t count)
{
    double sum = 0;
    for (size_t i = 0; i < count; i++) sum += (double)values[i];
    return sum / (double)count;
}

static struct passage_note note_make(const struct passage *passage, size_t key, size_t start, size_t end)
{
    const float *level = passage->level + key * passage->frames;
    size_t length = end - start, third = (length + 2) / 3, risen = length < 3 ? length : 3;
    float low = level[start], high = level[start];
    for (size_t t = start; t < start + risen; t++) low = fminf(low, level[t]), high = fmaxf(high, level[t]);
    return (struct passage_note){
        .key = key,
        .start = start,
        .end = end,
        .level = mean_of(level + start, length),
        .attack = (double)(high - low),
        .change = mean_of(level + end - third, third) - mean_of(level + start, third),
        .balance = mean_of(passage->balance + key * passage->frames + start, length)};
}

struct passage_note *passage_notes_or_die(const struct passage *passage, size_t *count)
{
    struct passage_note *notes = NULL;
    size_t capacity = 0;
    *count = 0;
    for (size_t key = 0; key < passage->keys; key++) {
        const unsigned char *on = passage->on + key * passage->frames;
        for (size_t start = 0, end; start < passage->frames; start = end) {
            end = start + 1;
            if (!on[start]) continue;
            while (end < passage->frames && on[end]) end++;
            if (*count == capacity)
                notes = reallocate_or_die(notes, capacity = 2 * capacity + 64, sizeof notes[0]);
            notes[(*count)++] = note_make(passage, key, start, end);
        }
    }
    return notes;
}
