/* Beats that follow a tempo which drifts. */
#ifndef COMMON_BEATS_BEAT_PATH_H
#define COMMON_BEATS_BEAT_PATH_H

#include "common/beats/beat-onsets.h"

/* at (count): the steps of the beats, ascending, of those which are strong and about as far apart as
 * period (onsets->count) says at each step, by dynamic programming (D. Ellis, "Beat tracking by dynamic
 * programming", Journal of New Music Research 36, 2007); then smoothed: each lies on the straight line
 * through those around it, weighted with their strength. Returns count, which may be 0. Caller frees *at. */
size_t beat_path_or_die(double **at, const struct beat_onsets *onsets, const double *period);

#endif
