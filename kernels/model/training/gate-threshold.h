/* The thresholds with which samples are as dense as records. */
#ifndef KERNELS_MODEL_TRAINING_GATE_THRESHOLD_H
#define KERNELS_MODEL_TRAINING_GATE_THRESHOLD_H

#include "kernels/model/dataset.h"
#include "kernels/model/training/step.h"

/* Sets NOTE_THRESHOLD of the prior's statistics of notes: the logit that as large a share of the gates of
 * samples exceeds as of the records' cells is heard, for the pitched keys and for each drum. A cell of a key
 * is heard where it is louder than a tenth of the record's loudest key, for no note of a sample is softer;
 * one of a drum, where it sounds. */
void gate_thresholds_or_die(struct step *step, const struct dataset *dataset);

#endif
