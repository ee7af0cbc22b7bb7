/* Reads both sides of a judge, deals their songs out and trains it. */
#include "kernels/model/training/judge-train.h"

#include <stdlib.h>

#include "common/fail.h"
#include "common/judge/deal.h"
#include "common/memory.h"

enum { STEP_SHARED, STEP_HALVES }; /* of PURPOSE_DEAL */

struct dealt_side {
    struct roll_set set;
    struct songs songs;
    enum role *role;           /* (songs) */
    struct critic_side critic; /* the records with ROLE_TRAINED */
};

static struct dealt_side read_side_or_die(const char *path, struct score *shape)
{
    struct dealt_side side = {.set = roll_set_read_or_die(path, shape)};
    if (!side.set.count) die("%s: no records", path);
    side.songs = songs_make_or_die(side.set.song, side.set.count);
    side.role = allocate_or_die(side.songs.songs, sizeof side.role[0]);
    return side;
}

static void free_side(struct dealt_side *side)
{
    roll_set_free(&side->set);
    songs_free(&side->songs);
    free(side->role);
    free(side->critic.record);
}

/* Sets the records to be trained on, and adds their songs to the judge's. */
static void take_trained_or_die(struct dealt_side *side, struct judge *judge, const char *path)
{
    side->critic =
        (struct critic_side){.set = &side->set, .record = allocate_or_die(side->set.count, sizeof(size_t))};
    judge->song = reallocate_or_die(judge->song, judge->songs + side->set.count, sizeof judge->song[0]);
    for (size_t i = 0; i < side->set.count; i++) {
        if (side->role[side->songs.number[i]] != ROLE_TRAINED) continue;
        side->critic.record[side->critic.count++] = i;
        judge->song[judge->songs++] = side->set.song[i];
    }
    if (!side->critic.count) die("%s: too few songs: none is left to train on", path);
}

struct judge *judge_train_or_die(const struct ops *ops, const char *songs, const char *made,
                                 struct judge_train_settings settings)
{
    struct score shape = {.keys = {KEYS_FIRST_DEFAULT, KEYS_LAST_DEFAULT}, .interval = FRAME_SECONDS_DEFAULT};
    struct dealt_side real = read_side_or_die(songs, &shape), other = read_side_or_die(made, &shape);
    deal_shared_or_die(real.role, other.role, &real.songs, &other.songs,
                       random_key_make(settings.seed, PURPOSE_DEAL, STEP_SHARED));
    if (!deal_halves_or_die(other.role, other.songs.songs, false,
                            random_key_make(settings.seed, PURPOSE_DEAL, STEP_HALVES)))
        die("%s: too few songs: half of them is kept out", made);
    struct judge *judge = judge_new_or_die(ops, &shape, settings.loudness, true);
    take_trained_or_die(&real, judge, songs);
    take_trained_or_die(&other, judge, made);
    critic_train_or_die(judge,
                        (struct critic_side[]){[CRITIC_MADE] = other.critic, [CRITIC_REAL] = real.critic},
                        (struct critic_train_settings){.seed = settings.seed,
                                                       .updates = settings.updates,
                                                       .progress = settings.progress,
                                                       .quiet = settings.quiet});
    free_side(&real);
    free_side(&other);
    return judge;
}
