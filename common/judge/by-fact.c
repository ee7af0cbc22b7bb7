/* The area under the ROC curve of a fact, with resamples of the songs. */
#include "common/judge/by-fact.h"

#include <stdlib.h>

#include "common/fail.h"
#include "common/judge/deal.h"
#include "common/judge/roc.h"
#include "common/memory.h"
#include "common/metrics/bootstrap.h"
#include "common/stream/expect.h"

enum { GENERATED, REAL, SIDES };

struct fact_set fact_set_read_or_die(const char *path, const char *fact)
{
    struct reader *reader = reader_open_or_die(path);
    struct record record = {0};
    struct fact_set set = {0};
    while (reader_next_or_die(reader, &record)) {
        char *stated = record_fact(&record, fact);
        if (!stated) reader_die(reader, "no fact %s", fact);
        set.value = reallocate_or_die(set.value, set.count + 1, sizeof set.value[0]);
        set.song = reallocate_or_die(set.song, set.count + 1, sizeof set.song[0]);
        set.value[set.count] = expect_number_or_die(reader, &record, fact, 0);
        set.song[set.count++] = record_song(&record);
        free(stated);
    }
    if (!set.count) die("%s: no records", path);
    record_free(&record);
    reader_close(reader);
    return set;
}

void fact_set_free(struct fact_set *set)
{
    free(set->value);
    free(set->song);
    *set = (struct fact_set){0};
}

/* Sets the weights of sorted records: those of their songs, drawn again. `first`: the number of the first
 * song of each side; songs are counted through both. */
static void draw_weights(struct scored *scored, size_t count, const size_t first[SIDES + 1], float *weight,
                         uint64_t seed, size_t resample)
{
    for (uint32_t s = 0; s < SIDES; s++)
        bootstrap_draw(weight + first[s], first[s + 1] - first[s],
                       random_key_make(seed, s, (uint32_t)resample));
    for (size_t i = 0; i < count; i++) scored[i].weight = (double)weight[scored[i].group];
}

double by_fact_auc_or_die(double *drawn, size_t resamples, const struct fact_set *real,
                          const struct fact_set *generated, uint64_t seed)
{
    const struct fact_set *set[SIDES] = {[GENERATED] = generated, [REAL] = real};
    struct scored *scored = allocate_or_die(real->count + generated->count, sizeof *scored);
    size_t first[SIDES + 1] = {0}, count = 0;
    for (size_t s = 0; s < SIDES; s++) {
        struct songs songs = songs_make_or_die(set[s]->song, set[s]->count);
        for (size_t i = 0; i < set[s]->count; i++)
            scored[count++] = (struct scored){set[s]->value[i], 1, s == REAL, first[s] + songs.number[i]};
        first[s + 1] = first[s] + songs.songs;
        songs_free(&songs);
    }
    roc_sort(scored, count);
    double area = roc_area(scored, count);
    float *weight = allocate_or_die(first[SIDES], sizeof *weight);
    for (size_t i = 0; i < resamples; i++) {
        draw_weights(scored, count, first, weight, seed, i);
        drawn[i] = roc_area(scored, count);
    }
    free(weight);
    free(scored);
    return area;
}
