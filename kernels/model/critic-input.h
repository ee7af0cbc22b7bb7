/* What a critic sees of a roll: a real for each key, frame and channel. Channel 0: whether the key sounds in
 * either channel, 1 or 0; with `loudness` then the roots of its loudness left and right; then the same of
 * each drum, which every key sees. */
#ifndef KERNELS_MODEL_CRITIC_INPUT_H
#define KERNELS_MODEL_CRITIC_INPUT_H

#include "common/judge/roll.h"
#include "kernels/real.h"

/* Where a window of a roll begins, and by how many keys it is shifted up, in a circle. */
struct critic_window {
    size_t first, frames;
    int shift; /* less than the number of keys, up or down */
};

size_t critic_channels(size_t drums, bool loudness);

/* to (keys, window.frames, critic_channels): the window of roll `index`. */
void critic_see(real *to, const struct roll_set *set, size_t index, struct critic_window window,
                bool loudness);

#endif
