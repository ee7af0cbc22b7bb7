/* Convolution, forward and backward, on ranges of rows of one sample, on the calling thread.
 *
 * A convolution connects a coarse side, with one row for each position of the kernel, and a fine side, on
 * which the kernel moves by `stride` rows from position to position. Conv1d: fine is the input, coarse the
 * output. ConvTranspose1d: coarse is the input, fine the output. The patch of coarse row o is what the kernel
 * covers there: the fine rows o stride - padding … + kernel - 1, zeros where they are outside the sample; it
 * is a row of im2col. The weight W is (coarse channels a, kernel k, fine channels b).
 *
 *   conv_correlate         coarse[o,a] = sum over k, b of W[a,k,b] fine[o stride - padding + k, b]
 *   conv_transposed        fine[i,b] = sum over all o, k with o stride - padding + k = i, and over a, of
 * W[a,k,b] coarse[o,a] conv_weight_gradient   dW[a,k,b] += sum over o of coarse[o,a] fine[o stride - padding
 * + k, b]
 *
 * conv_correlate is Conv1d forward, and the input's gradient of ConvTranspose1d; conv_transposed is
 * ConvTranspose1d forward, and the input's gradient of Conv1d. */
#ifndef KERNELS_CPU_CONV_H
#define KERNELS_CPU_CONV_H

#include <stddef.h>

#include "kernels/real.h"

struct conv {
    int coarse, fine; /* rows of a sample */
    int coarse_channels, fine_channels;
    int kernel, stride, padding;
};

/* Rows first … end - 1. A range may reach beyond the sample; rows there count as zeros. */
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

/* The fine rows that the patches of one or more coarse rows cover. */
struct rows conv_fine_rows(const struct conv *conv, struct rows coarse);

/* The coarse rows that conv_transposed() reads for one or more fine rows. */
struct rows conv_coarse_rows(const struct conv *conv, struct rows fine);

/* The fine rows that belong to a range of coarse rows, where ranges divide both sides: each fine row belongs
 * to one. */
struct rows conv_fine_share(const struct conv *conv, struct rows coarse);

/* Rows of x (length, channels): their address in x, or a copy in `scratch` with zeros where they reach beyond
 * x. */
const real *conv_padded_rows(real *scratch, const real *x, int length, int channels, struct rows rows);

/* The number of values of the weight. */
size_t conv_weight_count(const struct conv *conv);

/* Rearranges the weight into the order in which conv_transposed() reads it, of as many values. */
void conv_arrange_weights(const struct conv *conv, real *arranged, const real *weight);

/* `fine` begins with the first row of conv_fine_rows(); `coarse` gets `count` rows. */
void conv_correlate(const struct conv *conv, real *coarse, const real *fine, int count, const real *weight);

/* `coarse` begins with the first row of conv_coarse_rows(range); `fine` gets the range. */
void conv_transposed(const struct conv *conv, real *fine, struct rows range, const real *coarse,
                     const real *arranged);

/* Adds to dweight; operands as in conv_correlate(). */
void conv_weight_gradient(const struct conv *conv, real *dweight, const real *coarse, const real *fine,
                          int count);

#endif
