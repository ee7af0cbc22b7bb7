/* The backend that a test of the core is about: CUDA in a build that has it, on a GPU or on the host. */
#ifndef TESTS_DEVICE_H
#define TESTS_DEVICE_H

#include "kernels/ops.h"

static inline const struct ops *ops_under_test(void)
{
    return ops_choose_or_die("auto", PRECISION_FP32);
}

#endif
