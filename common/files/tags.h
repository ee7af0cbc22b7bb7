/* Tags of MP3 and MIDI files: title and comment from the facts of the record. */
#ifndef COMMON_FILES_TAGS_H
#define COMMON_FILES_TAGS_H

#include "common/stream/stream.h"

/* The name in the fact source, without directories and without .mp3, .mid or .midi; NULL without the fact.
 * Caller frees. */
char *tags_title_or_die(const struct record *record);

/* "made by MusiGAN, seed 7, score 0.93"; facts that the record does not state are left out. Caller frees. */
char *tags_comment_or_die(const struct record *record);

#endif
