/* The choice of a backend by the name of a device: auto, cpu or cuda. */
#include <string.h>

#include "common/fail.h"
#include "kernels/ops.h"

const struct ops *ops_choose_or_die(const char *device, enum precision precision)
{
    const char *why;
    if (!strcmp(device, "cpu")) return ops_cpu();
    const struct ops *ops = ops_cuda(precision, &why);
    if (ops) return ops;
    if (!strcmp(device, "cuda")) die_usage("-d cuda: %s", why);
    return ops_cpu();
}
