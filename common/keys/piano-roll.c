/* A piano roll in memory, and its notes, onsets and pitch classes. */
#include "common/keys/piano-roll.h"

#include <math.h>

#include "common/memory.h"

static const double THRESHOLD = 0.1;     /* of the largest loudness */
static const double HELD_SECONDS = 0.06; /* a note at least as long counts as held */

/* Sets on (cells) of some rows, whose loudnesses are `left` and `right`. */
static void set_on(unsigned char *on, const float *left, const float *right, size_t cells, double largest)
{
    for (size_t i = 0; i < cells; i++) {
        double mean = ((double)(left[i] > 0 ? left[i] : 0) + (double)(right[i] > 0 ? right[i] : 0)) / 2;
        on[i] = mean > THRESHOLD * largest;
    }
}

void piano_roll_make_or_die(struct piano_roll *roll, const struct score *score, size_t part)
{
    size_t cells = score->rows * score->frames, all = score->channels * cells;
    size_t keys = score->pitched * score->frames;
    const float *left = score->loudness + part * all, *right = left + all - cells;
    *roll = (struct piano_roll){score->pitched, score->frames, score->keys.first, score->interval,
                                reallocate_or_die(roll->on, cells, 1)};
    set_on(roll->on, left, right, keys, (double)score_loudest_key(score, part));
    set_on(roll->on + keys, left + keys, right + keys, cells - keys, (double)score_loudest_drum(score, part));
}

size_t piano_roll_frames(const struct piano_roll *roll, double seconds)
{
    return (size_t)fmin(fmax(1, round(seconds / roll->interval)), (double)roll->frames);
}

bool piano_roll_onset(const struct piano_roll *roll, size_t k, size_t t)
{
    const unsigned char *row = roll->on + k * roll->frames;
    return row[t] && (t == 0 || !row[t - 1]);
}

struct note_counts piano_roll_notes(const struct piano_roll *roll)
{
    struct note_counts notes = {0};
    size_t least = piano_roll_frames(roll, HELD_SECONDS), length = 0;
    for (size_t k = 0; k < roll->keys; k++)
        for (size_t t = 0; t < roll->frames; t++) {
            if (piano_roll_onset(roll, k, t)) {
                notes.count++;
                length = 0;
            }
            if (!roll->on[k * roll->frames + t]) continue;
            notes.frames++;
            notes.held += ++length == least;
        }
    return notes;
}

size_t piano_roll_pitch_classes(const struct piano_roll *roll, size_t begin, size_t end, double *share)
{
    enum { C = 4 }; /* the number of the lowest C of a piano */
    size_t cells = 0;
    for (size_t i = 0; i < 12; i++) share[i] = 0;
    for (size_t k = 0; k < roll->keys; k++)
        for (size_t t = begin; t < end; t++)
            if (roll->on[k * roll->frames + t]) {
                share[(roll->first + (int)k - C + 12) % 12]++;
                cells++;
            }
    for (size_t i = 0; i < 12 && cells; i++) share[i] /= (double)cells;
    return cells;
}
