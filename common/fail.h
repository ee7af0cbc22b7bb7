/* Messages on standard error and exit codes, the same in every program.
 *
 * A message is one line on standard error, "program: what was wrong and where".
 * Functions whose name ends in _or_die report and exit; all others return.
 */
#ifndef COMMON_FAIL_H
#define COMMON_FAIL_H

enum { EXIT_DATA = 1, EXIT_USAGE = 2 };

/* The exit code of die: EXIT_DATA unless a program's manual says otherwise. */
extern int data_exit_code;

/* Prints "program: message" and a newline; clears a progress line first. */
void warn(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* warn, then exit: data or I/O failed (1). */
void die(const char *format, ...) __attribute__((noreturn, format(printf, 1, 2)));

/* warn, then exit: the program was called wrongly (2). */
void die_usage(const char *format, ...) __attribute__((noreturn, format(printf, 1, 2)));

#endif
