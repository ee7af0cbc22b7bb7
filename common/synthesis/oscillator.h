/* Sines whose loudness is given interval by interval. */
#ifndef COMMON_SYNTHESIS_OSCILLATOR_H
#define COMMON_SYNTHESIS_OSCILLATOR_H

#include <stddef.h>

/* A time axis: `count` frames of `seconds` at `rate` Hz, one after the other from sample 0. */
struct frames {
    size_t count;
    double seconds, rate;
};

/* The first sample of interval t, rounded to a whole one; of t = count: the number of samples. */
size_t frame_start(struct frames frames, size_t t);

/* Adds a sine to wave (samples): amplitude[t] (count, none below 0) is that of a steady sine with the RMS
 * that it has in interval t. Its phase, `phase` turns at sample 0, runs on through all frames, silent ones
 * too; its amplitude glides to the border of two frames and from it for 10 ms each (less in frames
 * under 20 ms), so that neither clicks nor the rhythm of the frames are heard. */
void oscillator_add(float *wave, struct frames frames, double frequency, double phase,
                    const float *amplitude);

#endif
