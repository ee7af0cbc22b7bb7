/* The backend that a test of the core is about: DEVICE=cpu, which is the default, or cuda. */
#ifndef TESTS_DEVICE_H
#define TESTS_DEVICE_H

#include <stdlib.h>

#include "kernels/ops.h"

static inline const struct ops *ops_under_test(void)
{
    const char *device = getenv("DEVICE");
    return ops_choose_or_die(device ? device : "cpu", PRECISION_FP32);
}

#endif
