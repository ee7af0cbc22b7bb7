/* The tempo of a score, from the onsets of its keys and drums. */
#ifndef COMMON_BEATS_TEMPO_H
#define COMMON_BEATS_TEMPO_H

#include "common/keys/score.h"

/* Quarters a minute, within 40 and 240; `standard` where no beat is clear, and with frames longer than 0.1 s.
 *
 * Onset strength is the sum over all rows of the rise of the root of loudness. The beat is the lag at which
 * its autocorrelation, weighted with a log-normal prior around 120 a minute, is largest (D. Ellis, "Beat
 * tracking by dynamic programming", Journal of New Music Research 36, 2007), with that of two and four beats
 * or of three and six. It is then refined to the largest Fourier sum of the onset strength at its frequency
 * and the first multiples of that (P. Grosche, M. Müller, "Extracting predominant local pulse information
 * from music recordings", IEEE Transactions on Audio, Speech and Language Processing 19, 2011). */
double tempo_or_die(const struct score *score, double standard);

#endif
