/* Keys records put together to whole songs, whatever order they come in. */
#ifndef COMMON_KEYS_SONG_SPOOL_H
#define COMMON_KEYS_SONG_SPOOL_H

#include "common/keys/score.h"

/* The records of a song that follow one another. */
struct song {
    struct record
        record; /* (channels, rows, frames) or mono (rows, frames), with the facts of the first record */
    struct score score; /* of the record, in one part */
    double start;       /* s: fact start of the first record */
};

struct song_spool;

/* Reads all records into a temporary file. Two follow one another when they have the same fact source and one
 * starts where the other ends, to half a frame; a record without a source, or one that nothing follows, is
 * a song by itself, and after 720000 frames another one begins. Dies, naming the record, where one differs
 * from those of its source before it in keys, drums, channels, frames or interval. */
struct song_spool *song_spool_read_or_die(struct reader *reader, struct score unstated);

size_t song_spool_songs(const struct song_spool *spool);

/* The next song, in the order in which the first record of each source came, then by start; false after the
 * last one. Begin with {0}; its memory is used again, and record_free(&song->record) frees it. */
bool song_spool_next_or_die(struct song_spool *spool, struct song *song);

void song_spool_free(struct song_spool *spool);

#endif
