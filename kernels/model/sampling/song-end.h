/* The last seconds of a song, from a stream of its keys. */
#ifndef KERNELS_MODEL_SAMPLING_SONG_END_H
#define KERNELS_MODEL_SAMPLING_SONG_END_H

#include "kernels/model/session.h"

struct song_end {
    char *source;    /* the fact, or the stream's name */
    double interval; /* length of a frame, s; of the last record's, where there are beats */
    double end;      /* where in the song it ends, s */
    size_t rows, frames;
    float *loudness; /* (2, rows, frames) */
};

/* Reads keys records, of one song, in any order: parts that follow one another by the facts `start`, or by
 * their order where they state none, are one stretch of time. Keeps the last `most` frames of the stretch
 * that ends last, or of its last whole beat, or as many as it has. Dies unless they have the model's keys and
 * facts, where several songs are named, and where they are fewer frames than the model's. Caller frees. */
struct song_end song_end_read_or_die(const char *path, struct keys_shape keys, char *facts, size_t most);
void song_end_free(struct song_end *song);

#endif
