/* The facts of keys records that a model depends on: what they state, with defaults where they are missing,
 * and whether records and a model mean the same by a value. The one place of the model that knows them. */
#ifndef KERNELS_MODEL_KEYS_FACTS_H
#define KERNELS_MODEL_KEYS_FACTS_H

#include "common/keys/keyboard.h"
#include "common/stream/stream.h"

struct keys_facts {
    struct key_range range; /* piano keys, 1 to 88 */
    int drums;              /* rows behind those of the keys */
    size_t beat;            /* frames from one beat to the next; 0: frames do not follow the beat */
    double frame_seconds; /* the length of a frame; with a beat FRAME_SECONDS_DEFAULT, for each record has its
                             own */
};

/* facts: as in struct record, or NULL. rows: of the record; keys and drums that are not as many count
 * as missing: no drums, and the range begins at KEYS_FIRST_DEFAULT. */
struct keys_facts keys_facts_read(char *facts, int rows);

/* The length of a record's frames, s: with a beat its own fact interval, without one that of `facts`. Dies
 * where a beat's is not stated, and unless what is stated is above 0. */
double keys_interval_or_die(const struct reader *reader, const struct record *record,
                            const struct keys_facts *facts);

/* Adds to `kept`, facts as in struct record, those of a record that say how its keys were measured: beat or,
 * without one, interval; keys, drums, analysis, lead, width, rate. Dies where the record states another value
 * than the one that is kept, or an interval alone where a beat is kept, or a beat where an interval is;
 * `whose`, as "the model has", begins what the message says of that. What only one of them states is right:
 * arrays of NumPy state nothing. Numbers may differ by a hundredth, as intervals of whole samples do. */
void keys_facts_keep_or_die(char **kept, const struct reader *reader, const struct record *record,
                            const char *whose);

#endif
