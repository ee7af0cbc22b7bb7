/* Checkpoints: a model, both optimisers' moments, the counters and, inside an epoch, gradients and sums of
 * losses so far. A checkpoint is written under a temporary name, flushed to the disk and renamed, so a file
 * with a checkpoint's name is whole: checkpoint-EPOCH.tensors, or checkpoint-EPOCH-BATCH.tensors inside an
 * epoch. */
#ifndef KERNELS_MODEL_TRAINING_CHECKPOINT_H
#define KERNELS_MODEL_TRAINING_CHECKPOINT_H

#include "kernels/model/training/step.h"

/* Makes the folder (and those above it) where it is missing. */
void checkpoint_folder_or_die(const char *folder);

/* Writes the state of the run; keeps the newest `keep` checkpoints (0: all). Returns the file's path, caller
 * frees. */
char *checkpoint_write_or_die(const char *folder, const struct step *step, const char *facts, int keep);

/* The path of the newest whole checkpoint in the folder, or NULL; caller frees. */
char *checkpoint_newest(const char *folder);

/* The path of an epoch's whole checkpoint, or NULL; caller frees. */
char *checkpoint_of_epoch(const char *folder, int epoch);

/* Dies where the folder has a checkpoint of a later epoch or batch than the counters': the run's own
 * checkpoints would count as older, be removed before it, and never be resumed from. */
void checkpoint_none_later_or_die(const char *folder, const struct counters *counters);

/* Reads a checkpoint into the step, its model and its counters. lenient: tensors of the discriminator that
 * are missing or have another shape are initialised, and its optimiser starts again; says how many on
 * standard error. */
void checkpoint_read_or_die(const char *path, struct step *step, bool lenient);

#endif
