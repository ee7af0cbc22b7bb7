/* Numbers songs and deals them out. */
#include "common/judge/deal.h"

#include <stdlib.h>

#include "common/memory.h"
#include "common/shuffle.h"

enum { LEAST_SONGS = 2 };

/* A song's name with the record that has it. */
struct entry {
    uint64_t name;
    size_t record;
};

static int by_name(const void *a, const void *b)
{
    const struct entry *x = a, *y = b;
    if (x->name != y->name) return x->name < y->name ? -1 : 1;
    return (x->record > y->record) - (x->record < y->record);
}

struct songs songs_make_or_die(const uint64_t *name, size_t records)
{
    struct songs songs = {.records = records, .name = name};
    struct entry *entry = allocate_or_die(records, sizeof *entry);
    songs.number = allocate_or_die(records, sizeof songs.number[0]);
    for (size_t i = 0; i < records; i++) entry[i] = (struct entry){name[i], i};
    qsort(entry, records, sizeof *entry, by_name);
    for (size_t i = 0; i < records; i++) {
        songs.songs += i == 0 || !entry[i].name || entry[i].name != entry[i - 1].name;
        songs.number[entry[i].record] = songs.songs - 1;
    }
    free(entry);
    return songs;
}

void songs_free(struct songs *songs)
{
    free(songs->number);
    songs->number = NULL;
}

/* True where a record has the song with this name, which is known. */
static bool has_song(const struct songs *songs, uint64_t name)
{
    for (size_t i = 0; i < songs->records && name; i++)
        if (songs->name[i] == name) return true;
    return false;
}

void deal_shared_or_die(enum role *training_role, enum role *generated_role, const struct songs *training,
                        const struct songs *generated, struct random_key key)
{
    size_t *order = shuffled_or_die(key, generated->songs), shared = 0;
    uint64_t *name = allocate_or_die(generated->songs, sizeof *name);
    for (size_t i = 0; i < generated->records; i++) name[generated->number[i]] = generated->name[i];
    for (size_t s = 0; s < generated->songs; s++) {
        if (!has_song(training, name[order[s]])) continue;
        if (shared++ % 2) {
            generated_role[order[s]] = ROLE_NONE;
            continue;
        }
        for (size_t i = 0; i < training->records; i++)
            if (training->name[i] == name[order[s]]) training_role[training->number[i]] = ROLE_NONE;
    }
    free(order);
    free(name);
}

bool deal_halves_or_die(enum role *role, size_t songs, bool exchanged, struct random_key key)
{
    size_t *order = shuffled_or_die(key, songs), found = 0;
    for (size_t i = 0; i < songs; i++)
        if (role[order[i]] != ROLE_NONE)
            role[order[i]] = found++ % 2 == exchanged ? ROLE_TRAINED : ROLE_SCORED;
    free(order);
    return found >= LEAST_SONGS;
}
