/* The bins of adaptive average pooling, as PyTorch's: output i of `out` is the mean of the inputs
 * floor(i in / out) … ceil((i + 1) in / out) - 1. Bins overlap where `in` is no multiple of `out`. */
#ifndef KERNELS_CPU_ADAPTIVE_POOL_H
#define KERNELS_CPU_ADAPTIVE_POOL_H

#include <stdint.h>

#include "kernels/real.h"

/* first … end - 1 */
struct span {
    int first, end;
};

static inline struct span adaptive_inputs(int i, int in, int out)
{
    return (struct span){(int)((int64_t)i * in / out), (int)(((int64_t)(i + 1) * in + out - 1) / out)};
}

/* The outputs whose bins hold input j: the same rule with the two lengths exchanged. */
static inline struct span adaptive_outputs(int j, int in, int out)
{
    return adaptive_inputs(j, out, in);
}

/* dx (channels) = the gradient of input j of one sample; dy (out, channels). */
static inline void adaptive_gather(real *dx, const real *dy, int j, int in, int out, int channels)
{
    const struct span outputs = adaptive_outputs(j, in, out);
    for (int c = 0; c < channels; c++) dx[c] = 0;
    for (int i = outputs.first; i < outputs.end; i++) {
        const struct span inputs = adaptive_inputs(i, in, out);
        const real share = 1 / (real)(inputs.end - inputs.first);
        for (int c = 0; c < channels; c++) dx[c] += dy[(int64_t)i * channels + c] * share;
    }
}

#endif
