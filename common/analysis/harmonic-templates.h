/* Spectral templates: the loudness of each note of a piano, and of noise, in bands a semitone apart, from two
 * semitones below the lowest key to six above the highest.
 *
 * A note k has partials of amplitude 1/h at h f_k, h = 1 ... `partials`. Band j, whose mask is a Gaussian,
 * contains partial h with amplitude 1/h exp(-1/2 ((h f_k - f_j) / sigma_j)^2); the powers add up. Seventeen
 * Gaussians, an octave wide and half an octave apart, are the templates of noise. */
#ifndef COMMON_ANALYSIS_HARMONIC_TEMPLATES_H
#define COMMON_ANALYSIS_HARMONIC_TEMPLATES_H

#include "common/keys/key-width.h"

enum {
    HARMONIC_BANDS = 97,
    HARMONIC_NOTES = 88,
    HARMONIC_ATOMS = HARMONIC_NOTES + 17, /* columns of W: notes, then noise */
    HARMONIC_LOWEST = -2,                 /* key of the first band */
    HARMONIC_VECTORS = 4,
    HARMONIC_LANES = 8 * HARMONIC_VECTORS /* frames that are computed side by side */
};

/* A value in each of HARMONIC_LANES frames. Explicit vectors: gcc would vectorise a loop over the lanes,
 * inside one over the entries of a matrix, with slow gathers. */
typedef float vector __attribute__((vector_size(32)));
union lanes {
    vector vector[HARMONIC_VECTORS];
    float lane[HARMONIC_LANES];
};

/* A sparse matrix by rows: row r has the entries begin[r] … begin[r + 1] - 1. */
struct sparse {
    int rows, *begin;
    struct entry {
        int column;
        float weight;
    } * entry;
};

/* W, its entries raised to `exponent`, as the loudnesses are that W h approximates. */
struct harmonic_templates {
    struct sparse atoms_of_band, bands_of_atom; /* W and its transpose */
    float square[HARMONIC_ATOMS];               /* sum over the bands of W^2 */
    float own[HARMONIC_NOTES];                  /* W[j, k] where band j is that of key k */
};

/* Notes of `partials` partials; harmonic_templates_free frees the memory. */
void harmonic_templates_make_or_die(struct harmonic_templates *templates, struct key_width width,
                                    int partials, double exponent);

/* product[r] = sum over c of matrix[r, c] value[c]. */
void sparse_product(union lanes *product, const struct sparse *matrix, const union lanes *value);

void harmonic_templates_free(struct harmonic_templates *templates);

#endif
