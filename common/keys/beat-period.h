/* The period of a beat, one for a whole score or one that drifts. */
#ifndef COMMON_KEYS_BEAT_PERIOD_H
#define COMMON_KEYS_BEAT_PERIOD_H

#include "common/keys/beat-onsets.h"

/* Steps of a beat, from BEAT_SHORTEST to BEAT_LONGEST; 0 where the score as a whole has no clear one. */
double beat_period_or_die(const struct beat_onsets *onsets);

/* period (count): at each step that of the music around it, which changes little by little, along the most
 * regular path (F. Viterbi, as in P. Grosche, M. Mueller, S. Ewert, "Combination of tempograms", 2010). False
 * when that is not clear either. */
bool beat_periods_or_die(double *period, const struct beat_onsets *onsets);

#endif
