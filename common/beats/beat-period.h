/* The period of a beat, one for a whole score or one that drifts. */
#ifndef COMMON_BEATS_BEAT_PERIOD_H
#define COMMON_BEATS_BEAT_PERIOD_H

#include "common/beats/beat-onsets.h"

/* Seconds of a beat, below BEAT_LONGEST: the octave into which every tempo is folded. */
#define BEAT_SHORTEST 0.48
#define BEAT_LONGEST  0.96

/* Steps of a beat, from BEAT_SHORTEST to BEAT_LONGEST; 0 where the score as a whole has no clear one. */
double beat_period_or_die(const struct beat_onsets *onsets);

/* period (count): at each step that of the music around it, which changes little by little, along the most
 * regular path, and may leave the range of a beat by 12 per cent. False when that is not clear either. */
bool beat_periods_or_die(double *period, const struct beat_onsets *onsets);

#endif
