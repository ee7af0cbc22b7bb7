/* The program's name, which begins each of its messages, and text that is safe to print on a terminal. */
#ifndef COMMON_PROGRAM_H
#define COMMON_PROGRAM_H

/* The program's name; options_parse_or_die sets it. */
extern const char *program_name;

/* Replaces control characters by '?': the name of a file may hold newlines or escape sequences. */
void make_printable(char *text);

#endif
