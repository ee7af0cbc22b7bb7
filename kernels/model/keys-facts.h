/* What the facts `keys`, `drums` and `interval` of a keys record state, with defaults where they are missing:
 * the one place of the model that knows them. */
#ifndef KERNELS_MODEL_KEYS_FACTS_H
#define KERNELS_MODEL_KEYS_FACTS_H

#include "common/keys/keyboard.h"

struct keys_facts {
    struct key_range range; /* piano keys, 1 to 88 */
    int drums;              /* rows behind those of the keys */
    double frame_seconds;   /* the length of a frame */
};

/* facts: as in struct record, or NULL. rows: of the record; keys and drums that are not as many count
 * as missing: no drums, and the range begins at KEYS_FIRST_DEFAULT. */
struct keys_facts keys_facts_read(char *facts, int rows);

#endif
