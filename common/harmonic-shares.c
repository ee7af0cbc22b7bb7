#include "common/harmonic-shares.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

enum { LANES = HARMONIC_LANES };

/* What z never falls below. */
static const float LEAST = 1e-7F;

/* Frames of bands and of atoms, side by side. */
struct block {
    float v[HARMONIC_BANDS][LANES];
    float z[HARMONIC_BANDS][LANES];
    float wanted[HARMONIC_BANDS][LANES], given[HARMONIC_BANDS][LANES]; /* v z^-3/2, z^-1/2 */
    float h[HARMONIC_ATOMS][LANES];
    float more[HARMONIC_ATOMS][LANES], less[HARMONIC_ATOMS][LANES]; /* W' wanted, W' given */
};

/* x^(2/3) for x >= 0, to a few units of the last place: a guess at x^(-1/3) from the exponent, then Newton's
 * steps. cbrtf would go one by one. */
static float two_thirds(float x)
{
    union {
        float real;
        uint32_t bits;
    } root = {.real = x};
    root.bits = 0x54a2fa8cU - root.bits / 3;
    float y = root.real;
    for (int step = 0; step < 3; step++) y *= 4.0F / 3 - x * y * y * y / 3;
    return x * y;
}

static void explain(struct block *b, const struct templates *w)
{
    sparse_product(b->z, &w->atoms_of_band, (const float(*)[LANES])b->h);
    for (int j = 0; j < HARMONIC_BANDS; j++)
        for (int i = 0; i < LANES; i++) b->z[j][i] += LEAST;
}

static void update(struct block *b, const struct templates *w)
{
    explain(b, w);
    for (int j = 0; j < HARMONIC_BANDS; j++)
        for (int i = 0; i < LANES; i++) {
            float given = 1 / sqrtf(b->z[j][i]);
            b->given[j][i] = given;
            b->wanted[j][i] = b->v[j][i] * given * given * given;
        }
    sparse_product(b->more, &w->bands_of_atom, (const float(*)[LANES])b->wanted);
    sparse_product(b->less, &w->bands_of_atom, (const float(*)[LANES])b->given);
    for (int k = 0; k < HARMONIC_ATOMS; k++)
        for (int i = 0; i < LANES; i++) b->h[k][i] *= two_thirds(b->more[k][i] / b->less[k][i]);
}

/* Notes become their square, the loudest of a frame excepted: few notes sound at a time. */
static void sharpen_notes(struct block *b)
{
    float loudest[LANES] = {0};
    for (int k = 0; k < HARMONIC_NOTES; k++)
        for (int i = 0; i < LANES; i++) loudest[i] = b->h[k][i] > loudest[i] ? b->h[k][i] : loudest[i];
    for (int i = 0; i < LANES; i++) loudest[i] = loudest[i] > 0 ? 1 / loudest[i] : 0;
    for (int k = 0; k < HARMONIC_NOTES; k++)
        for (int i = 0; i < LANES; i++) b->h[k][i] *= b->h[k][i] * loudest[i];
}

static void begin(struct block *b, const struct templates *w)
{
    sparse_product(b->h, &w->bands_of_atom, (const float(*)[LANES])b->v);
    for (int k = 0; k < HARMONIC_ATOMS; k++)
        for (int i = 0; i < LANES; i++) b->h[k][i] *= 0.3F / w->square[k];
}

static void block_solve(struct block *b, const struct templates *w)
{
    static const int updates[] = {3, 3, 4};
    begin(b, w);
    for (int stage = 0; stage < 3; stage++) {
        if (stage > 0) sharpen_notes(b);
        for (int i = 0; i < updates[stage]; i++) update(b, w);
    }
    explain(b, w);
}

void harmonic_shares(float *share, const float *bands, size_t frames, const struct templates *w)
{
    struct block b = {0};
    for (size_t t = 0; t < frames; t += LANES) {
        size_t lanes = frames - t < LANES ? frames - t : LANES;
        for (size_t j = 0; j < HARMONIC_BANDS; j++)
            memcpy(b.v[j], bands + j * frames + t, lanes * sizeof(float));
        block_solve(&b, w);
        for (size_t k = 0; k < HARMONIC_NOTES; k++)
            for (size_t i = 0; i < lanes; i++)
                share[k * frames + t + i] = fminf(1, w->own[k] * b.h[k][i] / b.z[k + 1 - HARMONIC_LOWEST][i]);
    }
}
