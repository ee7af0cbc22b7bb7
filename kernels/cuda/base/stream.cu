/* The one stream of the CUDA backend, its precision, and the check of every call of CUDA's runtime. */
#include <string.h>

#include "kernels/cuda/base/cuda.cuh"

extern "C" {
#include "common/fail.h"
}

cudaStream_t cuda_stream;
enum precision cuda_precision;
void (*cuda_operations_hook)(double operations);

void cuda_check(cudaError_t status, const char *call)
{
    if (status != cudaSuccess)
        die("cuda: %.*s: %s", (int)strcspn(call, "("), call, cudaGetErrorString(status));
}

void cuda_count_operations(double operations)
{
    if (cuda_operations_hook) cuda_operations_hook(operations);
}
