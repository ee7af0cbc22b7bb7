/* Onset detection. */
#include "common/synthesis/onset.h"

#include <math.h>

bool onset_follow(struct onset_state *note, size_t t, float loudness)
{
    if (loudness < note->before) note->lowest = fminf(note->lowest, loudness);
    bool begins = loudness > 2 * note->lowest;
    if (begins) *note = (struct onset_state){.onset = t, .lowest = INFINITY};
    note->before = loudness;
    return begins;
}
