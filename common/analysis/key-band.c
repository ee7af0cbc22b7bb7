/* The Gaussian mask of a key's band, multiplied with a spectrum. */
#include "common/analysis/key-band.h"

#include <math.h>

#include "common/keys/keyboard.h"

enum { MASK_BINS = 1024 /* of a piece of the mask */, LANES = 8 /* of a vector */ };

struct key_band key_band_make(int key, struct key_width width, double sigmas, double rate, size_t length)
{
    double spacing = rate / (double)length, frequency = key_frequency(key), sigma = key_sigma(width, key);
    double low = floor((frequency - sigmas * sigma) / spacing);
    double high = ceil((frequency + sigmas * sigma) / spacing);
    size_t first = low > 0 ? (size_t)low : 0;
    size_t last = high < (double)(length / 2) ? (size_t)high : length / 2;
    return (struct key_band){first, last - first + 1, ((double)first * spacing - frequency) / sigma,
                             spacing / sigma};
}

/* mask[j] = exp(-1/2 (start + j step)^2), j < count <= MASK_BINS, to twelve digits. Faster than an exp for
 * each bin: a lane multiplies its last value by a ratio, and the ratio by a constant. */
static void mask_make(double *mask, size_t count, double start, double step)
{
    double value[LANES], ratio[LANES], stride = LANES * step, change = exp(-stride * stride);
    for (int i = 0; i < LANES; i++) {
        double distance = start + i * step;
        value[i] = exp(-0.5 * distance * distance);
        ratio[i] = exp(-stride * (distance + 0.5 * stride));
    }
    for (size_t j = 0; j < count; j += LANES)
        for (size_t i = 0; i < LANES; i++) {
            mask[j + i] = value[i];
            value[i] *= ratio[i];
            ratio[i] *= change;
        }
}

void key_band_add(double complex *sum, size_t points, size_t slot, const double complex *spectrum,
                  const struct key_band *band)
{
    double mask[MASK_BINS];
    for (size_t j = 0, run; j < band->bins; j += run, slot = (slot + run) % points) {
        run = band->bins - j < points - slot ? band->bins - j : points - slot;
        run = run < MASK_BINS ? run : MASK_BINS;
        mask_make(mask, run, band->start + (double)j * band->step, band->step);
        double *restrict target = (double *)(sum + slot);
        const double *restrict bin = (const double *)(spectrum + band->first + j);
        for (size_t i = 0; i < run; i++) {
            target[2 * i] += mask[i] * bin[2 * i];
            target[2 * i + 1] += mask[i] * bin[2 * i + 1];
        }
    }
}
