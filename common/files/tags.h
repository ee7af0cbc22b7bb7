/* What a file that people see says about the record that it was made of. */
#ifndef COMMON_FILES_TAGS_H
#define COMMON_FILES_TAGS_H

#include "common/stream/stream.h"

/* The file name in the fact source, without folders and .mp3, .mid or .midi; NULL where there is none.
 * Caller frees. */
char *tags_title_or_die(const struct record *record);

/* "made by MusiGAN, seed 7, score 0.93", with the facts that there are. Caller frees. */
char *tags_comment_or_die(const struct record *record);

#endif
