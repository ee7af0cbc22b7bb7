/* What notes sound like to a row of narrow bands, one a semitone, from two semitones below the piano's lowest
 * key to six above its highest.
 *
 * A note k has a partial of amplitude 1/h at h f_k, h = 1 ... 10, of which the band j with its Gaussian mask
 * hears 1/h exp(-1/2 ((h f_k - f_j) / sigma_j)^2); what it hears of all of them adds up in power. Seventeen
 * atoms as wide as an octave, half an octave apart, stand for what has no pitch. */
#ifndef COMMON_ANALYSIS_HARMONIC_TEMPLATES_H
#define COMMON_ANALYSIS_HARMONIC_TEMPLATES_H

#include "common/keys/key-width.h"

enum {
    HARMONIC_BANDS = 97,
    HARMONIC_NOTES = 88,
    HARMONIC_ATOMS = HARMONIC_NOTES + 17,
    HARMONIC_LOWEST = -2, /* the first band's key */
    HARMONIC_VECTORS = 2,
    HARMONIC_LANES = 16 * HARMONIC_VECTORS /* frames that are computed side by side */
};

/* A value of each of those frames. Vectors, as gcc and clang have them, since gcc takes a short loop inside
 * of one over a matrix's entries for something to gather. */
typedef float vector __attribute__((vector_size(64)));
union lanes {
    vector vector[HARMONIC_VECTORS];
    float of[HARMONIC_LANES];
};

/* A matrix of few entries: row r has those from begin[r] to begin[r + 1] - 1. */
struct sparse {
    int rows, *begin;
    struct entry {
        int column;
        float weight;
    } * entry;
};

/* Entries to the power of `exponent`, as the loudnesses they are to explain. */
struct harmonic_templates {
    struct sparse atoms_of_band, bands_of_atom; /* W and its transpose */
    float square[HARMONIC_ATOMS];               /* sum over the bands of W^2 */
    float own[HARMONIC_NOTES];                  /* W[j, k] where band j is key k's */
};

/* Templates of `partials` partials, to be given back with harmonic_templates_free. */
void harmonic_templates_make_or_die(struct harmonic_templates *templates, struct key_width width,
                                    int partials, double exponent);

/* product[r] = sum over c of matrix[r, c] value[c]. */
void sparse_product(union lanes *product, const struct sparse *matrix, const union lanes *value);

void harmonic_templates_free(struct harmonic_templates *templates);

#endif
