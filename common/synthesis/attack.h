/* The noise that a note begins with, as of a hammer or a plectrum. Without it an onset that was measured over
 * 20 ms or more sounds like a swell. */
#ifndef COMMON_SYNTHESIS_ATTACK_H
#define COMMON_SYNTHESIS_ATTACK_H

#include "common/synthesis/oscillator.h"

struct attack {
    float *noise; /* (length): of RMS 1 within 2-6 kHz at its beginning; it fades to 1/e in 5 ms */
    size_t length;
};

/* Caller frees attack.noise; none of it where 2 kHz are no less than a third of the rate. */
struct attack attack_or_die(double rate);

/* Adds the noise to wave (samples) at the onsets of a key with this loudness (frames.count): `share` of the
 * rise of the loudness, where it rises most. It begins a quarter of a frame late, 5 ms at most, when a note
 * that rises out of silence has half of its loudness: at the borders of frames it would be heard as a buzz.
 */
void attack_add(float *wave, struct frames frames, const struct attack *attack, const float *loudness,
                double share);

#endif
