/* The discriminator's losses on keys: how far a generated sample is from a real one, weighted by the
 * probability p that the discriminator gives it. The distances are constants: gradients call through p alone.
 */
#include <math.h>

#include "kernels/cpu/cpu.h"
#include "kernels/cpu/keys-statistics.h"

static const double LEAST = 1e-6; /* cells are at least this in the KL divergence */

typedef double sample_distance(const real *x, const real *r, struct keys_shape shape);

static double square(double x)
{
    return x * x;
}

static double silence(const real *x, const real *r, struct keys_shape shape)
{
    return square(keys_sounding(x, shape) - keys_sounding(r, shape));
}

static double melody(const real *x, const real *r, struct keys_shape shape)
{
    const struct melody m = melody_of(x, shape), wanted = melody_of(r, shape);
    double sum = 0;
    for (int i = 0; i < 3; i++) sum += square(m.of[i].value - wanted.of[i].value);
    return sum;
}

static double deviation(const real *x, const real *r, struct keys_shape shape)
{
    double sum = 0;
    for (int k = 0; k < shape.keys; k++, x += 2 * (size_t)shape.frames, r += 2 * (size_t)shape.frames)
        sum += square(key_deviation(x, shape.frames) - key_deviation(r, shape.frames));
    return sum / shape.keys;
}

static double extent(const real *x, const real *r, struct keys_shape shape)
{
    double sum = 0;
    for (int k = 0; k < shape.keys; k++, x += 2 * (size_t)shape.frames, r += 2 * (size_t)shape.frames) {
        const struct key_extent e = key_extent_of(x, shape.frames), wanted = key_extent_of(r, shape.frames);
        sum += 3 * square(e.largest - wanted.largest) + square(e.least - wanted.least) +
               square(e.mean - wanted.mean);
    }
    return sum / shape.keys;
}

/* D_KL_SONGS is a distance of whole batches. */
static sample_distance *const distances[DISCRIMINATOR_LOSSES] = {
    [D_SILENCE_MATCH] = silence,
    [D_MELODY_MATCH] = melody,
    [D_STD_MATCH] = deviation,
    [D_MIN_MAX_MATCH] = extent,
};

/* NaN stays NaN. */
static double at_least(double x)
{
    return x < LEAST ? LEAST : x;
}

struct divergence {
    double even, odd, logs; /* Σ p, Σ q, Σ p log(p/q), not normalised */
};

static struct divergence divergence_of(const real *even, const real *odd, size_t count)
{
    struct divergence d = {0, 0, 0};
    for (size_t i = 0; i < count; i++) {
        const double p = at_least((double)even[i]), q = at_least((double)odd[i]);
        d.even += p;
        d.odd += q;
        d.logs += p * log(p / q);
    }
    return d;
}

/* KL(even samples || odd samples), each half normalised to sum 1; an odd last sample is left out. */
static double halves_divergence(struct tensor x)
{
    const int pairs = x.batch / 2;
    if (pairs == 0) return 0;
    const size_t size = (size_t)x.length * (size_t)x.channels;
    struct divergence parts[pairs], all = {0, 0, 0};
#pragma omp parallel for
    for (int i = 0; i < pairs; i++) {
        const real *even = cpu_values(x.data) + 2 * (size_t)i * size;
        parts[i] = divergence_of(even, even + size, size);
    }
    for (int i = 0; i < pairs; i++) {
        all.even += parts[i].even;
        all.odd += parts[i].odd;
        all.logs += parts[i].logs;
    }
    return all.logs / all.even + log(all.odd / all.even);
}

/* found (batch, losses): the distances; 0 for losses that are not wanted. */
static void find_distances(double found[][DISCRIMINATOR_LOSSES], struct tensor x, struct tensor r,
                           struct keys_shape shape, const real *weights, bool all)
{
    const bool songs = all || weights[D_KL_SONGS] != 0;
    const double between = songs ? square(halves_divergence(r) - halves_divergence(x)) / x.batch : 0;
#pragma omp parallel for
    for (int b = 0; b < x.batch; b++) {
        const size_t at = (size_t)b * keys_cells(shape);
        for (int i = 0; i < DISCRIMINATOR_LOSSES; i++) {
            const bool wanted = distances[i] && (all || weights[i] != 0);
            found[b][i] = wanted ? distances[i](cpu_values(x.data) + at, cpu_values(r.data) + at, shape) : 0;
        }
        found[b][D_KL_SONGS] = between;
    }
}

void cpu_discriminator_losses(device values, struct tensor dlogit, struct tensor logit, struct tensor x,
                              struct tensor r, struct keys_shape shape,
                              const real weights[DISCRIMINATOR_LOSSES], bool all)
{
    double found[x.batch][DISCRIMINATOR_LOSSES], sums[DISCRIMINATOR_LOSSES] = {0};
    find_distances(found, x, r, shape, weights, all);
    for (int b = 0; b < x.batch; b++) {
        const double p = 1 / (1 + exp(-(double)cpu_values(logit.data)[b]));
        double slope = 0;
        for (int i = 0; i < DISCRIMINATOR_LOSSES; i++) {
            sums[i] += p * found[b][i];
            slope += (double)weights[i] * found[b][i];
        }
        if (dlogit.data) cpu_values(dlogit.data)[b] += (real)(slope * p * (1 - p));
    }
    for (int i = 0; i < DISCRIMINATOR_LOSSES; i++) cpu_values(values)[i] += (real)sums[i];
}
