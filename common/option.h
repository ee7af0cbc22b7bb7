/* Options of the command line: one table of a program drives parsing, range checks, defaults and --help.
 *
 * The variable of a row holds the default before parsing. --help prints the default from there, with the type
 * and the range, so that text and behaviour cannot differ. NULL and NAN are no default. Every program also
 * has -h, --help and --version. getopt_long of glibc parses.
 */
#ifndef COMMON_OPTION_H
#define COMMON_OPTION_H

#include <stdbool.h>
#include <stddef.h>

struct option;

/* How a word of the command line becomes the value of a variable, and how --help prints the variable. */
struct option_type {
    const char *noun; /* "integer", stands before the range in --help; "": nothing */
    void (*set_or_die)(const struct option *option, const char *word); /* a wrong word: one line and exit 2 */
    char *(*text_or_die)(const void *value); /* NULL: no default. Caller frees. NULL instead: never printed */
};

/* The types, and what the variable of a row is. Others can be defined beside the struct that they fill in. */
extern const struct option_type option_flag, option_integer, option_real, option_text, option_choice;
#define OPTION_FLAG   (&option_flag)    /* bool */
#define OPTION_INT    (&option_integer) /* long long, least <= value <= most */
#define OPTION_REAL   (&option_real)    /* double, least <= value <= most, finite */
#define OPTION_TEXT   (&option_text)    /* const char *, points into argv; NULL when there is no default */
#define OPTION_CHOICE (&option_choice)  /* const char *, one of the words in `argument`, separated by '|' */

struct option {
    char letter;      /* 'w' gives -w; 0: long name only. A row with a NULL name ends the table. */
    const char *name; /* "width" gives --width */
    const struct option_type *type;
    void *value;          /* the variable, of the type above */
    const char *argument; /* the name of the value in --help: "SECONDS", "sine|piano"; NULL for a flag */
    double least, most;   /* range of a number; both 0: any (finite) number */
    const char *help;     /* one sentence, no full stop; --help adds the range and the default */
};

struct program {
    const char *name;     /* "chunks-to-keys" */
    const char *operands; /* "[FILE ...]", "" when there are none */
    const char *summary;  /* one line */
    int operands_most;    /* more is a usage error; -1: any number */
    const struct option *options;
};

/* Rows that many programs have, {OPTION_QUIET(&quiet, "No progress")}; the help differs by program. */
#define OPTION_QUIET(variable, help) 'q', "quiet", OPTION_FLAG, variable, NULL, 0, 0, help
#define OPTION_PROGRESS(variable)                                                                            \
    0, "progress", OPTION_FLAG, variable, NULL, 0, 0, "Show progress without a terminal too"
#define OPTION_SEED(variable, help) 'S', "seed", OPTION_INT, variable, "SEED", 0, 9e15, help

/* Parses argv, sets the variables and program_name. Options and operands may be mixed; "--" ends options.
 * Returns the index of the first operand in argv (operands are permuted to the end). --help and --version
 * print on standard output and exit 0; anything wrong is one line and exit 2. */
int options_parse_or_die(const struct program *program, int argc, char **argv);

/* For an option_type: the range of the row as "from 0 to 1" into text, which it returns. */
const char *option_range(const struct option *option, char *text, size_t size);

#endif
