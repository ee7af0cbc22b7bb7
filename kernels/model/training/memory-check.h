/* Checks before a training run whether it fits into the device's memory. */
#ifndef KERNELS_MODEL_TRAINING_MEMORY_CHECK_H
#define KERNELS_MODEL_TRAINING_MEMORY_CHECK_H

#include "kernels/model/config/config.h"
#include "kernels/ops.h"

/* Dies where it does not fit, saying how many bytes it takes and which batch size fits. Returns where the
 * device does not know its free memory. */
void memory_check_or_die(const struct ops *ops, const struct config *config, struct keys_shape keys);

#endif
