/* Whether a training run fits the device's memory, before any is taken. */
#ifndef KERNELS_MODEL_TRAINING_MEMORY_CHECK_H
#define KERNELS_MODEL_TRAINING_MEMORY_CHECK_H

#include "kernels/model/config/config.h"
#include "kernels/ops.h"

/* Dies where it does not, saying how many bytes it wants and which batch size would fit. Nothing where the
 * device's memory is not known. */
void memory_check_or_die(const struct ops *ops, const struct config *config, struct keys_shape keys);

#endif
