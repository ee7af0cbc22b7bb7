/* Collects the cues of records. */
#include "common/judge/cue-set.h"

#include <math.h>
#include <stdlib.h>

#include "common/memory.h"

static const double LAST = 0.1; /* s */

enum {
    FIRST_TOGETHER = LENGTHS + GAPS + ONSETS + GRID,
    FIRST_RETURN = FIRST_TOGETHER + TOGETHER + PULSES,
    FIRST_SCALE = FIRST_RETURN + RETURNS + CHORDS + STEPS + REGISTERS + VOICES + MOVES,
    FIRST_DYNAMICS = FIRST_SCALE + SCALES + LINES
};

const size_t named_cue[NAMED_CUES] = {[CUE_REPETITION] = FIRST_RETURN,
                                      [CUE_SAME_KEYS] = FIRST_SCALE + 3,
                                      [CUE_TOGETHER] = FIRST_TOGETHER + TOGETHER - 1,
                                      [CUE_DYNAMICS] = FIRST_DYNAMICS + 1};

/* Whether a part ends in a cluster of keys. */
static bool ends_in_cluster(const struct score *score, size_t part)
{
    size_t size = score->rows * score->frames, last = (size_t)fmax(1, round(LAST / score->interval)),
           keys = 0;
    const float *loudness = score->loudness + part * score->channels * size;
    float largest = score_loudest_key(score, part);
    for (size_t k = 0; k < score->pitched; k++) {
        bool sounds = false;
        for (size_t c = 0; c < score->channels; c++)
            for (size_t t = score->frames > last ? score->frames - last : 0; t < score->frames; t++)
                sounds |=
                    (double)loudness[c * size + k * score->frames + t] > PASSAGE_THRESHOLD * (double)largest;
        keys += sounds;
    }
    return 3 * keys > score->pitched;
}

void cue_set_add_or_die(struct cue_set *set, const struct score *score, const struct record *record)
{
    size_t first = set->count, count = first + score->parts;
    uint64_t song = record_song(record);
    set->values = reallocate_or_die(set->values, count * CUES, sizeof set->values[0]);
    set->cluster = reallocate_or_die(set->cluster, count, sizeof set->cluster[0]);
    set->song = reallocate_or_die(set->song, count, sizeof set->song[0]);
    set->count = count;
    for (size_t i = first; i < count; i++) {
        cues_or_die(set->values + i * CUES, score, i - first);
        set->cluster[i] = ends_in_cluster(score, i - first);
        set->song[i] = song;
    }
}

void cue_set_free(struct cue_set *set)
{
    free(set->values);
    free(set->cluster);
    free(set->song);
    *set = (struct cue_set){0};
}
