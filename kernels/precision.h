/* The type in which a GPU computes gemms and stores bf16 tensors (musigan-config(5), precision). AUTO: bf16
 * where the GPU has it, else fp32. TF32 rounds the operands of gemms to 10 bits of fraction. */
#ifndef KERNELS_PRECISION_H
#define KERNELS_PRECISION_H

enum precision { PRECISION_AUTO, PRECISION_FP32, PRECISION_TF32, PRECISION_BF16 };

#endif
