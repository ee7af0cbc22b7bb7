/* Spectral templates of notes and of noise, as sparse matrices. */
#include "common/analysis/harmonic-templates.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/keys/keyboard.h"
#include "common/memory.h"

/* Smaller entries are left out; the largest entry of a note is about 1. */
static const double ENTRY_MIN = 1e-4;

/* Of the templates of noise, in semitones. */
static const double NOISE_DEVIATION = 6, NOISE_SPACING = 6;

/* The loudness of a note in a band: the root of the sum of the powers of its partials. */
static double note_in_band(int key, int band, struct key_width width, int partials)
{
    double power = 0;
    for (int h = 1; h <= partials; h++) {
        double distance = (h * key_frequency(key) - key_frequency(band)) / key_sigma(width, band);
        power += exp(-distance * distance) / (h * h);
    }
    return sqrt(power);
}

static double noise_in_band(int atom, int band)
{
    double distance = (band - HARMONIC_LOWEST - NOISE_SPACING * atom) / NOISE_DEVIATION;
    return exp(-0.5 * distance * distance);
}

/* matrix[r * rows_step + c * columns_step] as a sparse matrix. */
static void sparse_make_or_die(struct sparse *sparse, const float *matrix, int rows, int rows_step,
                               int columns, int columns_step)
{
    int count = 0;
    sparse->rows = rows;
    sparse->begin = allocate_or_die((size_t)rows + 1, sizeof *sparse->begin);
    sparse->entry = allocate_or_die((size_t)(rows * columns), sizeof *sparse->entry);
    for (int r = 0; r < rows; r++) {
        for (int c = 0; c < columns; c++) {
            float weight = matrix[r * rows_step + c * columns_step];
            if (weight > 0) sparse->entry[count++] = (struct entry){c, weight};
        }
        sparse->begin[r + 1] = count;
    }
}

void harmonic_templates_make_or_die(struct harmonic_templates *t, struct key_width width, int partials,
                                    double exponent)
{
    float(*w)[HARMONIC_ATOMS] = allocate_or_die(HARMONIC_BANDS, sizeof *w);
    memset(t->square, 0, sizeof t->square);
    for (int j = 0; j < HARMONIC_BANDS; j++)
        for (int k = 0; k < HARMONIC_ATOMS; k++) {
            int band = HARMONIC_LOWEST + j;
            double weight = k < HARMONIC_NOTES ? pow(note_in_band(k + 1, band, width, partials), exponent)
                                               : noise_in_band(k - HARMONIC_NOTES, band);
            w[j][k] = weight < ENTRY_MIN ? 0 : (float)weight;
            t->square[k] += w[j][k] * w[j][k];
            if (band == k + 1) t->own[k] = w[j][k];
        }
    sparse_make_or_die(&t->atoms_of_band, *w, HARMONIC_BANDS, HARMONIC_ATOMS, HARMONIC_ATOMS, 1);
    sparse_make_or_die(&t->bands_of_atom, *w, HARMONIC_ATOMS, 1, HARMONIC_BANDS, HARMONIC_ATOMS);
    free(w);
}

void sparse_product(union lanes *product, const struct sparse *matrix, const union lanes *value)
{
    for (int r = 0; r < matrix->rows; r++) {
        vector sum[HARMONIC_VECTORS] = {{0}};
        for (int e = matrix->begin[r]; e < matrix->begin[r + 1]; e++) {
            const vector *column = value[matrix->entry[e].column].vector;
            for (int i = 0; i < HARMONIC_VECTORS; i++) sum[i] += matrix->entry[e].weight * column[i];
        }
        memcpy(product[r].vector, sum, sizeof sum);
    }
}

void harmonic_templates_free(struct harmonic_templates *t)
{
    void *blocks[] = {t->atoms_of_band.begin, t->atoms_of_band.entry, t->bands_of_atom.begin,
                      t->bands_of_atom.entry};
    for (size_t i = 0; i < sizeof blocks / sizeof *blocks; i++) free(blocks[i]);
}
