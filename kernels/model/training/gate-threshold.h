/* The threshold with which samples are as dense as records: what the search for a calibration begins with. */
#ifndef KERNELS_MODEL_TRAINING_GATE_THRESHOLD_H
#define KERNELS_MODEL_TRAINING_GATE_THRESHOLD_H

#include "kernels/model/dataset.h"
#include "kernels/model/training/step.h"

/* The logit that as large a share of the gates of samples exceeds as of the records' cells sounds: of the
 * cells of keys, not of drums, and of the channel whose gate is more open. */
double gate_threshold_or_die(struct step *step, const struct dataset *dataset);

#endif
