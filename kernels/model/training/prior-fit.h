/* What a design with a prior learns behind training: the prior, from what its encoder says of the records,
 * and temperature and threshold, by the music that comes of them. Functions of the model, the seed and the
 * records alone; training is not touched. */
#ifndef KERNELS_MODEL_TRAINING_PRIOR_FIT_H
#define KERNELS_MODEL_TRAINING_PRIOR_FIT_H

#include "kernels/model/dataset.h"
#include "kernels/model/training/step.h"

/* Fits the prior to the posteriors of records as training makes them, four for each dimension of the prior.
 */
void prior_fit_to_dataset_or_die(struct step *step, const struct dataset *dataset);

/* Chooses the calibration: that whose samples come nearest to the training records in the overlap
 * of the features of keys-stats(1). */
void prior_fit_calibration_or_die(struct step *step, const struct dataset *dataset);

#endif
