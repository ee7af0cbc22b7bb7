/* Oscillators: sines whose amplitude is given for each frame and glides between frames. */
#ifndef COMMON_SYNTHESIS_OSCILLATOR_H
#define COMMON_SYNTHESIS_OSCILLATOR_H

#include <stddef.h>

/* A time axis: `count` frames of `seconds` each, from sample 0 on, at `rate` samples a second. */
struct frames {
    size_t count;
    double seconds, rate;
};

/* The first sample of frame t, rounded; for t = count the number of samples. */
size_t frame_start(struct frames frames, size_t t);

/* Adds a sine to wave (samples). In frame t it has the RMS of a steady sine of amplitude[t] (count), which is
 * 0 or more. The phase is `phase` turns at sample 0 and runs on through silent frames too. The amplitude
 * glides for half a frame before and after each border of frames, for 10 ms at most where it rises by more
 * than 3 dB: without glides the borders would click, and be heard as a buzz. */
void oscillator_add(float *wave, struct frames frames, double frequency, double phase,
                    const float *amplitude);

#endif
