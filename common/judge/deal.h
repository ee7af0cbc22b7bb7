/* Deals songs out between the parts of a classifier two-sample test, so that nothing is scored by a
 * classifier that was trained on its song. */
#ifndef COMMON_JUDGE_DEAL_H
#define COMMON_JUDGE_DEAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/random.h"

/* The songs of a set of records. */
struct songs {
    size_t records, songs;
    const uint64_t *name; /* (records): tells songs apart; 0: not known, a song by itself */
    size_t *number;       /* (records): of its song, from 0 */
};

/* name (records) is not copied. */
struct songs songs_make_or_die(const uint64_t *name, size_t records);
void songs_free(struct songs *songs);

/* What becomes of a song. */
enum role { ROLE_TRAINED, ROLE_SCORED, ROLE_NONE };

/* Deals out the songs that both sides have: every other one of them, in an order that the key gives, loses
 * its role on the generated side, the rest on that of training. Roles (songs). */
void deal_shared_or_die(enum role *training_role, enum role *generated_role, const struct songs *training,
                        const struct songs *generated, struct random_key key);

/* Halves those of (songs) roles that are any; `exchanged` exchanges the halves. False where there are fewer
 * than two. */
bool deal_halves_or_die(enum role *role, size_t songs, bool exchanged, struct random_key key);

#endif
