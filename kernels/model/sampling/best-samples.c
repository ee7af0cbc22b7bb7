/* Keeps the best samples by insertion into a sorted list. */
#include "kernels/model/sampling/best-samples.h"

#include <stdlib.h>

#include "common/memory.h"

struct scored_record {
    double score;
    struct record record;
};

struct best_samples best_samples_make_or_die(size_t most, bool worst)
{
    struct best_samples best = {.most = most, .worst = worst};
    best.list = allocate_or_die(most + 1, sizeof best.list[0]);
    return best;
}

void best_samples_consider(struct best_samples *best, double score, struct record *record)
{
    struct scored_record *list = best->list;
    size_t place = best->count;
    while (place > 0 && (best->worst ? list[place - 1].score > score : list[place - 1].score < score))
        place--;
    if (place >= best->most) return;
    if (best->count < best->most) best->count++;
    struct record dropped = list[best->count - 1].record;
    for (size_t i = best->count - 1; i > place; i--) list[i] = list[i - 1];
    list[place] = (struct scored_record){score, *record};
    *record = dropped;
}

void best_samples_write_or_die(struct writer *writer, const struct best_samples *best)
{
    for (size_t i = 0; i < best->count; i++) writer_put_or_die(writer, &best->list[i].record);
}

void best_samples_free(struct best_samples *best)
{
    for (size_t i = 0; i < best->count; i++) record_free(&best->list[i].record);
    free(best->list);
}
