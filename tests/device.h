/* The backend that a test of the core is about: CUDA in a build that has it, on a GPU or on the host. */
#ifndef TESTS_DEVICE_H
#define TESTS_DEVICE_H

#include <string.h>

#include "common/fail.h"
#include "kernels/ops.h"

static inline const struct ops *ops_under_test(void)
{
    const char *why;
    const struct ops *ops = ops_cuda(PRECISION_FP32, &why);
    if (!ops && strcmp(why, "this build has no CUDA") != 0) die("no CUDA to test: %s", why);
    return ops ? ops : ops_cpu();
}

#endif
