/* What judges are given: rolls of records, and songs that are dealt out. */
#include <stdlib.h>
#include <string.h>

#include "common/judge/deal.h"
#include "common/judge/roll.h"
#include "common/memory.h"
#include "tests/tap.h"

enum { ROWS = 33 + KEYBOARD_DRUMS, FRAMES = 60 };

/* A record of 33 keys and three drums, silent. */
static struct score silence(struct record *record, size_t channels, size_t frames)
{
    float *values = record_shape_or_die(record, 3, (size_t[]){channels, ROWS, frames});
    memset(values, 0, record->count * sizeof values[0]);
    return (struct score){.keys = {27, 59},
                          .interval = 0.02,
                          .channels = channels,
                          .rows = ROWS,
                          .pitched = 33,
                          .drums = KEYBOARD_DRUMS,
                          .parts = 1,
                          .frames = frames,
                          .loudness = values};
}

static void set(struct record *record, size_t channel, size_t row, size_t frame, float loudness)
{
    ((float *)record->data)[(channel * ROWS + row) * FRAMES + frame] = loudness;
}

/* A cell of roll 0. */
static int cell(const struct roll_set *set, size_t row, size_t frame, size_t channel)
{
    return set->cells[(row * set->frames + frame) * 2 + channel];
}

static void rolls(void)
{
    struct record record = {0};
    struct score score = silence(&record, 2, FRAMES);
    struct roll_set all = {0};
    set(&record, 0, 2, 20, 0.4f); /* a key and a frame that are left out: loud all the same */
    set(&record, 0, 10, 12, 0.1f);
    set(&record, 1, 10, 12, 0.06f);
    set(&record, 1, 27, 47, 0.0601f);
    set(&record, 0, 33, 12, 0.001f);
    set(&record, 0, 35, 13, 0.01f);
    set(&record, 0, 35, 14, 0.0014f);
    roll_set_add_or_die(&all, &score, &record);
    ok(all.count == 1 && all.keys == 23 && all.drums == 3 && all.frames == 36, "a roll without its edges");
    ok(cell(&all, 5, 0, 0) == 128 && cell(&all, 5, 0, 1) == 0, "roots of shares; at the threshold: silent");
    ok(cell(&all, 22, 35, 1) == 99 && cell(&all, 22, 35, 0) == 0, "... above it: not");
    ok(cell(&all, 23, 0, 0) == 255 && cell(&all, 25, 1, 0) == 255 && cell(&all, 25, 2, 0) == 0,
       "a drum beside its own loudest hit: a soft one sounds beside a loud one");
    int sound = 0;
    for (size_t i = 0; i < roll_size(&all); i++) sound += all.cells[i] > 0;
    ok(sound == 4, "nothing else sounds");
    for (size_t i = 0; i < record.count; i++) ((float *)record.data)[i] *= 8;
    roll_set_add_or_die(&all, &score, &record);
    ok(memcmp(all.cells, all.cells + roll_size(&all), roll_size(&all)) == 0 && all.song[0] == all.song[1],
       "scale says nothing; without a source, what is equal is one song");
    set(&record, 0, 20, 20, 9);
    roll_set_add_or_die(&all, &score, &record);
    record_set_fact(&record, "source", "a");
    roll_set_add_or_die(&all, &score, &record);
    ok(all.song[2] != all.song[1] && all.song[3] == record_song(&record), "songs by their sources");
    score = silence(&record, 1, FRAMES);
    set(&record, 0, 10, 12, 1);
    roll_set_free(&all);
    roll_set_add_or_die(&all, &score, &record);
    ok(cell(&all, 5, 0, 0) == 255 && cell(&all, 5, 0, 1) == 255, "mono is on both sides");
    score = silence(&record, 2, 40);
    roll_set_free(&all);
    roll_set_add_or_die(&all, &score, &record);
    ok(all.frames == 40, "short records keep their ends");
    roll_set_free(&all);
    record_free(&record);
}

static void dealing(void)
{
    const uint64_t trained[] = {5, 6, 5, 7, 8}, made[] = {6, 9, 5, 0, 0, 8, 7, 9};
    struct songs a = songs_make_or_die(trained, 5), b = songs_make_or_die(made, 8);
    ok(a.songs == 4 && a.number[0] == a.number[2] && b.songs == 7 && b.number[1] == b.number[7] &&
           b.number[3] != b.number[4],
       "songs are numbered; two that are not known are two");
    enum role *one = allocate_or_die(a.songs, sizeof *one), *other = allocate_or_die(b.songs, sizeof *other);
    deal_shared_or_die(one, other, &a, &b, random_key_make(1, 1, 0));
    int sides = 0, kept = 0;
    for (size_t i = 0; i < 5; i++)
        for (size_t j = 0; j < 8; j++)
            if (trained[i] == made[j])
                sides += one[a.number[i]] == ROLE_NONE && other[b.number[j]] == ROLE_NONE;
    for (size_t i = 0; i < 5; i++)
        for (size_t j = 0; j < 8; j++)
            if (trained[i] == made[j])
                sides += one[a.number[i]] != ROLE_NONE && other[b.number[j]] != ROLE_NONE;
    for (size_t i = 0; i < a.songs; i++) kept += one[i] != ROLE_NONE;
    ok(sides == 0 && kept == 2, "a song that both have stays on one side, half of them on each");
    bool enough = deal_halves_or_die(other, b.songs, false, random_key_make(1, 2, 0));
    int halves[3] = {0};
    for (size_t i = 0; i < b.songs; i++) halves[other[i]]++;
    ok(enough && halves[ROLE_TRAINED] == 3 && halves[ROLE_SCORED] == 2 && halves[ROLE_NONE] == 2,
       "the rest are halved");
    for (size_t i = 0; i < b.songs; i++) other[i] = i ? ROLE_NONE : ROLE_TRAINED;
    ok(!deal_halves_or_die(other, b.songs, false, random_key_make(1, 2, 0)), "one song has no halves");
    free(one), free(other);
    songs_free(&a), songs_free(&b);
}

int main(void)
{
    rolls();
    dealing();
    return done();
}
