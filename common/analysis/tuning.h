/* The tuning of a recording: the frequency of its A4, key 49.
 *
 * The peaks of its spectra deviate from equal temperament at 440 Hz by parts of a semitone, which are angles;
 * the direction of the sum of the peaks, each at its angle, is the tuning (Dressler and Streich, "Tuning
 * frequency estimation using circular statistics", 2007). */
#ifndef COMMON_ANALYSIS_TUNING_H
#define COMMON_ANALYSIS_TUNING_H

#include <stddef.h>

#define TUNING_STANDARD 440.0 /* Hz */

/* Hz, within half a semitone of 440, in whole cents; 440 itself within twelve cents of it, and where the
 * peaks have no direction, as of noise and silence. waves (count, samples) are parts of one recording. */
double tuning_estimate_or_die(const float *waves, size_t count, size_t samples, double rate);

#endif
