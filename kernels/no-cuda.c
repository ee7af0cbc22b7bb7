/* ops_cuda() of a build without the CUDA backend. */
#include "kernels/ops.h"

const struct ops *ops_cuda(enum precision precision, const char **why)
{
    (void)precision;
    *why = "this build has no CUDA";
    return NULL;
}
