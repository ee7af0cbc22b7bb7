/* Statistics of keys that the losses compare, and their gradients. A sample x is (keys * frames, 2): the
 * values of one channel stand 2 apart. Sums are in double. Where values are constant, their standard
 * deviation and their correlations are 0, and so are the gradients. */
#ifndef KERNELS_CPU_KEYS_STATISTICS_H
#define KERNELS_CPU_KEYS_STATISTICS_H

#include "kernels/ops.h"

static inline size_t keys_cells(struct keys_shape shape)
{
    return 2 * (size_t)shape.keys * (size_t)shape.frames;
}

/* Of count values `stride` apart; std is unbiased. */
struct moments {
    double mean, std;
};
struct moments moments_of(const real *x, size_t count, int stride);

/* dx += weight * the gradient of std. */
void moments_std_gradient(real *dx, const real *x, size_t count, int stride, struct moments m, double weight);

/* Mean over the two channels of a key's std over its frames; x (frames, 2). */
double key_deviation(const real *x, int frames);
void key_deviation_gradient(real *dx, const real *x, int frames, double weight);

/* Of one key, over frames and channels. */
struct key_extent {
    double largest, least, mean;
    size_t largest_at, least_at; /* the first of equal ones */
};
struct key_extent key_extent_of(const real *x, int frames);

/* Pearson's correlations: [0], [1] of neighbouring keys in a channel, [2] of the channels (its last key left
 * out). */
struct melody {
    struct correlation {
        double value, mean_a, mean_b, inverse; /* 1 / sqrt(Σ(a - mean_a)² Σ(b - mean_b)²), 0 where constant */
        double slope_a, slope_b;               /* value / Σ(a - mean_a)² … */
    } of[3];
};
struct melody melody_of(const real *x, struct keys_shape shape);

/* dx += Σ weights[i] * the gradient of correlation i. */
void melody_gradient(real *dx, const real *x, struct keys_shape shape, const struct melody *m,
                     const double weights[3]);

/* The share of sounding cells, smooth: the mean of sigmoid((x - 0.05) / 0.01). */
double keys_sounding(const real *x, struct keys_shape shape);
void keys_sounding_gradient(real *dx, const real *x, struct keys_shape shape, double weight);

#endif
