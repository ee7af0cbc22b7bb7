/* Makes what a critic sees. */
#include "kernels/model/critic-input.h"

static size_t channels_of_row(bool loudness)
{
    return loudness ? 3 : 1;
}

size_t critic_channels(size_t drums, bool loudness)
{
    return (1 + drums) * channels_of_row(loudness);
}

/* A row of a roll, (frames, 2), into channels of (frames, channels). */
static void see_row(real *to, size_t channels, const unsigned char *from, size_t frames, bool loudness)
{
    for (size_t t = 0; t < frames; t++, to += channels, from += 2) {
        to[0] = from[0] || from[1];
        if (!loudness) continue;
        to[1] = (real)from[0] / 255;
        to[2] = (real)from[1] / 255;
    }
}

void critic_see(real *to, const struct roll_set *set, size_t index, struct critic_window window,
                bool loudness)
{
    const unsigned char *cells = set->cells + index * roll_size(set) + 2 * window.first;
    size_t channels = critic_channels(set->drums, loudness), each = channels_of_row(loudness);
    for (size_t k = 0; k < set->keys; k++, to += window.frames * channels) {
        size_t from = (size_t)((int)(k + set->keys) - window.shift) % set->keys;
        see_row(to, channels, cells + from * 2 * set->frames, window.frames, loudness);
        for (size_t d = 0; d < set->drums; d++)
            see_row(to + (1 + d) * each, channels, cells + (set->keys + d) * 2 * set->frames, window.frames,
                    loudness);
    }
}
