/* Non-negative matrix factorisation with fixed templates, 32 frames side by side. */
#include "common/analysis/harmonic-shares.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

enum { LANES = HARMONIC_LANES };

/* Added to z, which is divided by. */
static const float Z_LEAST = 1e-7F;

/* A block of LANES frames: v, z and h, and the terms of the update. */
struct block {
    union lanes v[HARMONIC_BANDS];
    union lanes z[HARMONIC_BANDS];
    union lanes v_weighted[HARMONIC_BANDS], inverse_root[HARMONIC_BANDS]; /* v z^-3/2 and z^-1/2 */
    union lanes h[HARMONIC_ATOMS];
    union lanes numerator[HARMONIC_ATOMS], denominator[HARMONIC_ATOMS]; /* W' v_weighted, W' inverse_root */
};

/* x^(2/3) for x >= 0, to a few units of the last place: a first x^(-1/3) from the bits of the exponent, then
 * three Newton steps. A loop of it vectorises, one of cbrtf does not. */
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

/* z = W h + 1e-7 */
static void reconstruct(struct block *b, const struct harmonic_templates *w)
{
    sparse_product(b->z, &w->atoms_of_band, b->h);
    for (int j = 0; j < HARMONIC_BANDS; j++)
        for (int i = 0; i < LANES; i++) b->z[j].lane[i] += Z_LEAST;
}

static void update(struct block *b, const struct harmonic_templates *w)
{
    reconstruct(b, w);
    for (int j = 0; j < HARMONIC_BANDS; j++)
        for (int i = 0; i < LANES; i++) {
            float inverse_root = 1 / sqrtf(b->z[j].lane[i]);
            b->inverse_root[j].lane[i] = inverse_root;
            b->v_weighted[j].lane[i] = b->v[j].lane[i] * inverse_root * inverse_root * inverse_root;
        }
    sparse_product(b->numerator, &w->bands_of_atom, b->v_weighted);
    sparse_product(b->denominator, &w->bands_of_atom, b->inverse_root);
    for (int k = 0; k < HARMONIC_ATOMS; k++)
        for (int i = 0; i < LANES; i++)
            b->h[k].lane[i] *= two_thirds(b->numerator[k].lane[i] / b->denominator[k].lane[i]);
}

/* h <- h^2 / the largest h of the frame, of notes: an assumption that few notes sound at a time. */
static void sharpen_notes(struct block *b)
{
    float loudest[LANES] = {0};
    for (int k = 0; k < HARMONIC_NOTES; k++)
        for (int i = 0; i < LANES; i++)
            loudest[i] = b->h[k].lane[i] > loudest[i] ? b->h[k].lane[i] : loudest[i];
    for (int i = 0; i < LANES; i++) loudest[i] = loudest[i] > 0 ? 1 / loudest[i] : 0;
    for (int k = 0; k < HARMONIC_NOTES; k++)
        for (int i = 0; i < LANES; i++) b->h[k].lane[i] *= b->h[k].lane[i] * loudest[i];
}

/* h = 0.3 W'v / (sum over the bands of W^2) */
static void initialise(struct block *b, const struct harmonic_templates *w)
{
    sparse_product(b->h, &w->bands_of_atom, b->v);
    for (int k = 0; k < HARMONIC_ATOMS; k++)
        for (int i = 0; i < LANES; i++) b->h[k].lane[i] *= 0.3F / w->square[k];
}

static void block_solve(struct block *b, const struct harmonic_templates *w)
{
    static const int updates[] = {3, 3, 4};
    initialise(b, w);
    for (int stage = 0; stage < 3; stage++) {
        if (stage > 0) sharpen_notes(b);
        for (int i = 0; i < updates[stage]; i++) update(b, w);
    }
    reconstruct(b, w);
}

void harmonic_shares(float *share, const float *bands, size_t frames, const struct harmonic_templates *w)
{
    struct block b = {0};
    for (size_t t = 0; t < frames; t += LANES) {
        size_t lanes = frames - t < LANES ? frames - t : LANES;
        for (size_t j = 0; j < HARMONIC_BANDS; j++)
            memcpy(b.v[j].lane, bands + j * frames + t, lanes * sizeof(float));
        block_solve(&b, w);
        for (size_t k = 0; k < HARMONIC_NOTES; k++)
            for (size_t i = 0; i < lanes; i++)
                share[k * frames + t + i] =
                    fminf(1, w->own[k] * b.h[k].lane[i] / b.z[k + 1 - HARMONIC_LOWEST].lane[i]);
    }
}
