#include "kernels/ops.h"

#include <string.h>

#include "common/fail.h"

const struct ops *ops_choose_or_die(const char *device)
{
    if (!strcmp(device, "cpu")) return ops_cpu();
    const struct ops *ops = ops_cuda();
    if (ops) return ops;
    if (!strcmp(device, "cuda")) die_usage("-d cuda: this build has no CUDA");
    return ops_cpu();
}
