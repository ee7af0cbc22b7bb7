/* Measures the statistics of notes: how the notes of records differ from what the decoder makes of the
 * records' latents. */
#ifndef KERNELS_MODEL_TRAINING_NOTES_FIT_H
#define KERNELS_MODEL_TRAINING_NOTES_FIT_H

#include "kernels/model/dataset.h"
#include "kernels/model/training/step.h"

/* Of records taken evenly from the data set; they become the prior's. For a design with a fitted prior. */
void notes_fit_or_die(struct step *step, const struct dataset *dataset);

#endif
