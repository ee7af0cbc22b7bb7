/* The loudness of a wave as it is heard, and its level after normalisation. */
#ifndef COMMON_LOUDNESS_H
#define COMMON_LOUDNESS_H

#include <stddef.h>

/* A wave (channels, samples) of one or two channels. */
struct loudness {
    double integrated; /* LUFS: ITU-R BS.1770 with its gates, as EBU R 128 has it; -infinity for silence and
                          for what is shorter than 0.4 s */
    double true_peak;  /* of the wave between its samples too; 1 is full scale */
};

struct loudness loudness_measure_or_die(const float *wave, size_t channels, size_t samples, double rate);

/* The factor that brings a wave to `wanted` LUFS, or as near as a true peak of -1 dB lets it; 1 where it has
 * no loudness. */
double loudness_gain(struct loudness measured, double wanted);

#endif
