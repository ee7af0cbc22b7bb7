/* What every message of a program begins with, and how text is made safe to show. */
#ifndef COMMON_PROGRAM_H
#define COMMON_PROGRAM_H

/* The program's name; options_parse_or_die sets it. */
extern const char *program_name;

/* Replaces control bytes by '?': a file's name may hold newlines or a terminal's commands. */
void make_printable(char *text);

#endif
