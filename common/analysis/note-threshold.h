/* A threshold for the notes of a key, with hysteresis and a limit on how fast a note may rise and fall. */
#ifndef COMMON_ANALYSIS_NOTE_THRESHOLD_H
#define COMMON_ANALYSIS_NOTE_THRESHOLD_H

#include <stddef.h>

/* Sets loudness (frames) of a key to 0 outside its notes. A note is a run of frames in which own (frames) is
 * at least half of `least` and at least the share `steepest` of the largest own of the four frames before and
 * the four after, and reaches `least` once. */
void note_threshold_apply(float *loudness, const float *own, size_t frames, double least, double steepest);

#endif
