/* Opening the GPU. */
#ifndef KERNELS_CUDA_DEVICE_H
#define KERNELS_CUDA_DEVICE_H

#include "kernels/precision.h"

/* Takes the first GPU, once; NULL, or why there is none, in a few words. */
const char *cuda_open(enum precision precision);

#endif
