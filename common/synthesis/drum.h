/* Drums: noise in a band, struck and fading as a row of loudnesses says. */
#ifndef COMMON_SYNTHESIS_DRUM_H
#define COMMON_SYNTHESIS_DRUM_H

#include "common/keys/keyboard.h"
#include "common/synthesis/oscillator.h"

/* The sound of a drum before its loudness: the same each time. */
struct drum_sound {
    enum keyboard_drum drum;
    double share; /* of the power of the noise, in the band of the drum */
    float *noise; /* one value a sample of the frames; of RMS 1 within the band */
};

struct drum_sound drum_sound_or_die(enum keyboard_drum drum, struct frames frames);

void drum_sound_free(struct drum_sound *sound);

/* Adds the drum to wave (samples). In frame t it has, within its band, the RMS loudness[t] (frames.count). A
 * hit begins at once, at its place within a frame (drum-hits.h); all other changes are slopes from the middle
 * of one frame to that of the next, and nothing sounds in frames of loudness 0. A low drum is a tone that
 * falls to 50 Hz and gives way to noise. Where hit_seconds is less than the length of a frame a hit fades
 * faster: its frames follow one another every hit_seconds, until the next hit or silence. */
void drum_play_or_die(float *wave, struct frames frames, const struct drum_sound *sound, double hit_seconds,
                      const float *loudness);

#endif
