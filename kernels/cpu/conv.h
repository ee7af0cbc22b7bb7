/* The geometry behind Conv1d and ConvTranspose1d, once. A window of `kernel` rows moves over the fine side in
 * hops of `stride`, one hop for each row of the coarse side; `padding` rows of zeros stand before the fine
 * side. Conv1d: fine is the input; ConvTranspose1d: fine is the output. The weight W is (coarse channels a,
 * kernel k, fine channels b) for both.
 *
 *   correlate   coarse[o,a] = sum over k, b of W[a,k,b] fine[o stride - padding + k, b]
 *   spread      its transpose: fine[i,b] = sum over all o, k with o stride - padding + k = i, and a, of
 *               W[a,k,b] coarse[o,a]
 *   gradient    dW[a,k,b] = sum over o of coarse[o,a] fine[o stride - padding + k, b]
 *
 * All work on ranges of rows of one sample, on the calling thread. */
#ifndef KERNELS_CPU_CONV_H
#define KERNELS_CPU_CONV_H

#include <stddef.h>

#include "kernels/real.h"

struct window {
    int coarse, fine; /* rows of a sample */
    int coarse_channels, fine_channels;
    int kernel, stride, padding;
};

/* Rows first … end - 1. A range may reach beyond a sample, where rows are zeros. */
struct rows {
    int first, end;
};

static inline int rows_count(struct rows rows)
{
    return rows.end > rows.first ? rows.end - rows.first : 0;
}

static inline struct rows rows_both(struct rows a, struct rows b)
{
    return (struct rows){a.first < b.first ? a.first : b.first, a.end > b.end ? a.end : b.end};
}

static inline struct rows rows_cut(struct rows rows, int length)
{
    int first = rows.first > 0 ? rows.first : 0, end = rows.end < length ? rows.end : length;
    return (struct rows){first, end > first ? end : first};
}

/* What the windows of coarse rows cover; a range of one or more. */
struct rows window_covered(const struct window *window, struct rows coarse);

/* The coarse rows that spread reads for fine rows; a range of one or more. */
struct rows window_reaching(const struct window *window, struct rows fine);

/* The fine rows that go with coarse rows where both sides are cut into ranges; each belongs to one. */
struct rows window_share(const struct window *window, struct rows coarse);

/* The rows of x (length, channels): where they stand, or copied to `scratch` with zeros beyond x's ends. */
const real *window_rows(real *scratch, const real *x, int length, int channels, struct rows rows);

/* Values of a weight. */
size_t window_weight_count(const struct window *window);

/* The weight in the order in which spread reads it: as many values. */
void window_arrange(const struct window *window, real *arranged, const real *weight);

/* `fine` begins with the first row covered; `coarse` gets `count` rows. */
void window_correlate(const struct window *window, real *coarse, const real *fine, int count,
                      const real *weight);

/* `coarse` begins with the first row reaching the range; `fine` gets the range. */
void window_spread(const struct window *window, real *fine, struct rows range, const real *coarse,
                   const real *arranged);

/* Adds to dweight; operands as in correlate. */
void window_gradient(const struct window *window, real *dweight, const real *coarse, const real *fine,
                     int count);

#endif
