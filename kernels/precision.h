/* The type that a GPU computes matrix products in and stores activations in (musigan-config(5), precision).
 */
#ifndef KERNELS_PRECISION_H
#define KERNELS_PRECISION_H

enum precision { PRECISION_AUTO, PRECISION_FP32, PRECISION_TF32, PRECISION_BF16 };

#endif
