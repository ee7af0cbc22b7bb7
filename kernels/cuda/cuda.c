/* The CUDA backend's table of operations. */
#include "kernels/cuda/base/cuda.h"

#include "kernels/cuda/device.h"

const struct ops *ops_cuda(enum precision precision, const char **why)
{
#define CUDA_ENTRY(NAME) .NAME = cuda_##NAME,
    static const struct ops ops = {.name = "cuda", .sample_batch = 64, OPERATIONS(CUDA_ENTRY)};
    *why = cuda_open(precision);
    return *why ? NULL : &ops;
}
