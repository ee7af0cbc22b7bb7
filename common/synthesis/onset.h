/* Onset detection in the loudness of a key. */
#ifndef COMMON_SYNTHESIS_ONSET_H
#define COMMON_SYNTHESIS_ONSET_H

#include <stdbool.h>
#include <stddef.h>

/* A note begins where the loudness is 6 dB above its minimum since it last fell. Begin with {0}. */
struct onset_state {
    size_t onset; /* frame of the last one */
    float before, lowest;
};

/* Takes the loudness of frame t, the next one; true when a note begins there. */
bool onset_follow(struct onset_state *note, size_t t, float loudness);

#endif
