/* What a design with a prior learns beside gradient descent: the prior is estimated from the encoder's
 * posteriors of training records, and the calibration of its samples is searched for, by comparing samples
 * with training records. Both are functions of the model, the seed and the records; the networks do not
 * change. */
#ifndef KERNELS_MODEL_TRAINING_PRIOR_FIT_H
#define KERNELS_MODEL_TRAINING_PRIOR_FIT_H

#include "kernels/model/dataset.h"
#include "kernels/model/training/step.h"

/* Estimates the prior from posteriors of records, augmented as in training: four for each dimension of the
 * Gaussian; and where frames follow the beat the tempi that samples have. */
void prior_fit_to_dataset_or_die(struct step *step, const struct dataset *dataset);

/* Sets the calibration whose samples are most like training records: by the overlap of the densities of the
 * features of keys-stats(1) and of the judge's named cues, and by the mean distance of two records. */
void prior_fit_calibration_or_die(struct step *step, const struct dataset *dataset);

#endif
