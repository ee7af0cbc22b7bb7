/* Linear resizing of the length, align_corners false, as PyTorch's interpolate: output i is at position
 * max(0, (i + 1/2) inputs / outputs - 1/2) of the input. */
#ifndef KERNELS_CPU_RESIZE_H
#define KERNELS_CPU_RESIZE_H

#include "kernels/ops.h"

/* y (count, channels), rows first … of an output of `outputs` rows, += the resized x (inputs, channels). */
void cpu_resize_add(real *y, int first, int count, int outputs, const real *x, int inputs, int channels);

/* dx += the gradient. */
void cpu_resize_backward(struct tensor dx, struct tensor dy);

#endif
