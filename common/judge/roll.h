/* Records as piano rolls for a judge that looks at them as at pictures: a passage's cells as bytes. What is
 * left out, and what counts as silence, is as in passage.h. */
#ifndef COMMON_JUDGE_ROLL_H
#define COMMON_JUDGE_ROLL_H

#include <stdint.h>

#include "common/keys/score.h"

/* Cells: 255 times the square root of the loudness as a share of the record's largest, for a drum of its
 * row's; 0 where that is not above the threshold. */
struct roll_set {
    size_t count, keys, drums, frames; /* of keys and frames, those that are left */
    unsigned char *cells;              /* (count, keys + drums, frames, 2): left, right */
    uint64_t *song; /* (count): hash of the fact source; of a record without one: of its cells */
};

/* Cells of one roll. */
size_t roll_size(const struct roll_set *set);

/* Adds all parts of a score, which is alike those before; `record` says whose it is. */
void roll_set_add_or_die(struct roll_set *set, const struct score *score, const struct record *record);

/* All records of a stream, alike `shape`, a copy of the first score where that has no frames yet. */
struct roll_set roll_set_read_or_die(const char *path, struct score *shape);

void roll_set_free(struct roll_set *set);

#endif
