/* The loudness of a wave as it is heard, and its level after normalisation. */
#ifndef COMMON_LOUDNESS_H
#define COMMON_LOUDNESS_H

#include <stddef.h>

/* Brings a wave (channels, samples), of one channel or two, to `wanted` LUFS: integrated loudness by ITU-R
 * BS.1770 with the gates of EBU R 128; one channel counts as two that are alike. Peaks that would pass -2 dB
 * are turned down for a few milliseconds, and the whole by what the true peak, between samples too, is still
 * above -1 dB. Silence, and what is shorter than 0.4 s, has no loudness and is left as it is. */
void loudness_normalise_or_die(float *wave, size_t channels, size_t samples, double rate, double wanted);

#endif
