/* A line of progress on standard error, rewritten in place: the count so far, the total and an estimate of
 * the time left where the total is known. Shown on a terminal, or where it is forced. */
#ifndef COMMON_PROGRESS_H
#define COMMON_PROGRESS_H

#include <stdbool.h>

/* `unit` names what is counted ("songs"); total 0: unknown. `forced` is --progress, `quiet` is -q. */
void progress_begin(const char *unit, double total, bool forced, bool quiet);

/* Shows the line (at most ten times a second); `note` may be NULL or a formatted remark. */
void progress_show(double done, const char *note, ...) __attribute__((format(printf, 2, 3)));

/* Removes the line from the screen until the next progress_show; warn calls it. */
void progress_clear(void);

/* Ends the line; later progress_show calls do nothing. */
void progress_end(void);

#endif
