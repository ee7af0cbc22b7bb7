/* Which intervals of a key are notes, by a threshold that a note reaches once and its own past. */
#ifndef COMMON_ANALYSIS_NOTE_THRESHOLD_H
#define COMMON_ANALYSIS_NOTE_THRESHOLD_H

#include <stddef.h>

/* Silences a key's loudness (frames) but for its notes: intervals in a row in which own (frames) is at least
 * half of `least`, and at least 0.3 of the largest of the four intervals before, and once at least `least`.
 */
void note_threshold_apply(float *loudness, const float *own, size_t frames, double least);

#endif
