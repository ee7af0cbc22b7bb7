/* A judge: a critic that was trained on songs against other records, in a file of its own. The file is a
 * tensor stream: a record of the songs that it was trained on (kind=judge, with the facts of the keys and of
 * what it sees), then one for each parameter and statistic of the critic (kind=parameter). */
#ifndef KERNELS_MODEL_JUDGE_H
#define KERNELS_MODEL_JUDGE_H

#include "kernels/model/critic-input.h"
#include "kernels/model/critic.h"

enum { JUDGE_BATCH = 32 };

struct judge {
    struct session session;
    struct parameters parameters;
    struct critic critic;
    bool loudness;      /* whether it sees that too */
    struct score score; /* what records have to be like */
    size_t frames;      /* that it sees of a record at a time */
    struct tensor seen; /* (JUDGE_BATCH * keys, frames, channels) */
    size_t songs;
    uint64_t *song; /* (songs): that it was trained on, as roll.h names them */
};

/* A judge of the rolls of records like `score`; `windows`: it sees windows of them, and is to be trained,
 * else it sees them whole. Its parameters are not initialised. Caller frees with judge_free. */
struct judge *judge_new_or_die(const struct ops *ops, const struct score *score, bool loudness, bool windows);

/* Uploads what is to be seen, (JUDGE_BATCH * keys, frames, channels), and makes the logits. */
void judge_forward(struct judge *judge, const real *seen, struct pass pass);

void judge_write_or_die(struct writer *writer, const struct judge *judge);

/* Reads a judge of whole records. */
struct judge *judge_read_or_die(const char *device, const char *path);

void judge_free(struct judge *judge);

#endif
