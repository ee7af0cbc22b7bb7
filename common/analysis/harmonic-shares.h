/* The share that a note has in the loudness of its band, by non-negative matrix factorisation: each frame of
 * bands v is approximated by W h, h >= 0, W being the templates. Multiplicative updates decrease the beta
 * divergence for beta = 1/2 (Fevotte and Idier, "Algorithms for nonnegative matrix factorization with the
 * beta-divergence", 2011):
 *
 *     h <- h [ (W' (v z^-3/2)) / (W' z^-1/2) ]^(2/3),   z = W h + 1e-7.
 */
#ifndef COMMON_ANALYSIS_HARMONIC_SHARES_H
#define COMMON_ANALYSIS_HARMONIC_SHARES_H

#include <stddef.h>

#include "common/analysis/harmonic-templates.h"

/* share (HARMONIC_NOTES, frames), 0 ... 1, of bands (HARMONIC_BANDS, frames), 0 ... 1. */
void harmonic_shares(float *share, const float *bands, size_t frames,
                     const struct harmonic_templates *templates);

#endif
