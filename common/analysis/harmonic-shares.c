#include "common/analysis/harmonic-shares.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

enum { LANES = HARMONIC_LANES };

/* What z never falls below. */
static const float LEAST = 1e-7F;

/* Frames of bands and of atoms, side by side. */
struct block {
    union lanes v[HARMONIC_BANDS];
    union lanes z[HARMONIC_BANDS];
    union lanes wanted[HARMONIC_BANDS], given[HARMONIC_BANDS]; /* v z^-3/2, z^-1/2 */
    union lanes h[HARMONIC_ATOMS];
    union lanes more[HARMONIC_ATOMS], less[HARMONIC_ATOMS]; /* W' wanted, W' given */
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

static void explain(struct block *b, const struct harmonic_templates *w)
{
    sparse_product(b->z, &w->atoms_of_band, b->h);
    for (int j = 0; j < HARMONIC_BANDS; j++)
        for (int i = 0; i < LANES; i++) b->z[j].of[i] += LEAST;
}

static void update(struct block *b, const struct harmonic_templates *w)
{
    explain(b, w);
    for (int j = 0; j < HARMONIC_BANDS; j++)
        for (int i = 0; i < LANES; i++) {
            float given = 1 / sqrtf(b->z[j].of[i]);
            b->given[j].of[i] = given;
            b->wanted[j].of[i] = b->v[j].of[i] * given * given * given;
        }
    sparse_product(b->more, &w->bands_of_atom, b->wanted);
    sparse_product(b->less, &w->bands_of_atom, b->given);
    for (int k = 0; k < HARMONIC_ATOMS; k++)
        for (int i = 0; i < LANES; i++) b->h[k].of[i] *= two_thirds(b->more[k].of[i] / b->less[k].of[i]);
}

/* Notes become their square, the loudest of a frame excepted: few notes sound at a time. */
static void sharpen_notes(struct block *b)
{
    float loudest[LANES] = {0};
    for (int k = 0; k < HARMONIC_NOTES; k++)
        for (int i = 0; i < LANES; i++) loudest[i] = b->h[k].of[i] > loudest[i] ? b->h[k].of[i] : loudest[i];
    for (int i = 0; i < LANES; i++) loudest[i] = loudest[i] > 0 ? 1 / loudest[i] : 0;
    for (int k = 0; k < HARMONIC_NOTES; k++)
        for (int i = 0; i < LANES; i++) b->h[k].of[i] *= b->h[k].of[i] * loudest[i];
}

static void begin(struct block *b, const struct harmonic_templates *w)
{
    sparse_product(b->h, &w->bands_of_atom, b->v);
    for (int k = 0; k < HARMONIC_ATOMS; k++)
        for (int i = 0; i < LANES; i++) b->h[k].of[i] *= 0.3F / w->square[k];
}

static void block_solve(struct block *b, const struct harmonic_templates *w)
{
    static const int updates[] = {3, 3, 4};
    begin(b, w);
    for (int stage = 0; stage < 3; stage++) {
        if (stage > 0) sharpen_notes(b);
        for (int i = 0; i < updates[stage]; i++) update(b, w);
    }
    explain(b, w);
}

void harmonic_shares(float *share, const float *bands, size_t frames, const struct harmonic_templates *w)
{
    struct block b = {0};
    for (size_t t = 0; t < frames; t += LANES) {
        size_t lanes = frames - t < LANES ? frames - t : LANES;
        for (size_t j = 0; j < HARMONIC_BANDS; j++)
            memcpy(b.v[j].of, bands + j * frames + t, lanes * sizeof(float));
        block_solve(&b, w);
        for (size_t k = 0; k < HARMONIC_NOTES; k++)
            for (size_t i = 0; i < lanes; i++)
                share[k * frames + t + i] =
                    fminf(1, w->own[k] * b.h[k].of[i] / b.z[k + 1 - HARMONIC_LOWEST].of[i]);
    }
}
