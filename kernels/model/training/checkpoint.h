/* Checkpoints: a model, both optimisers' moments, the counters and, in the middle of an epoch, what has been
 * added up so far. Written under a temporary name, flushed to the disk, renamed: a file with a checkpoint's
 * name is whole. Names: checkpoint-EPOCH.tensors, or checkpoint-EPOCH-BATCH.tensors inside an epoch. */
#ifndef KERNELS_MODEL_TRAINING_CHECKPOINT_H
#define KERNELS_MODEL_TRAINING_CHECKPOINT_H

#include "kernels/model/training/step.h"

/* Makes the folder (and those above it) where it is missing. */
void checkpoint_folder_or_die(const char *folder);

/* Writes the state; returns the file's name, caller frees. Keeps the newest `keep` checkpoints (0: all). */
char *checkpoint_write_or_die(const char *folder, const struct step *step, const char *facts, int keep);

/* The newest whole checkpoint in the folder, or NULL; caller frees. */
char *checkpoint_newest(const char *folder);

/* The checkpoint of an epoch, or NULL when there is none; caller frees. */
char *checkpoint_of_epoch(const char *folder, int epoch);

/* Dies when the folder has a checkpoint of a later moment: a run's own would count as older than that one, be
 * removed before it, and never be gone on from. */
void checkpoint_none_later_or_die(const char *folder, const struct counters *counters);

/* Reads a checkpoint into the step, its model and its counters. lenient: missing tensors of the discriminator
 * are initialised and its optimiser starts again; says how many on standard error. */
void checkpoint_read_or_die(const char *path, struct step *step, bool lenient);

#endif
