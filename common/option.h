/* One table of options drives parsing, range checks, defaults and --help (glibc's getopt_long parses).
 *
 * A row's variable holds the default before parsing; --help prints it from there, with the type and the
 * range, so text and behaviour cannot part; NULL and NAN are no default. Every
 * program also has -h, --help and --version.
 */
#ifndef COMMON_OPTION_H
#define COMMON_OPTION_H

#include <stdbool.h>

enum option_type {
    OPTION_FLAG,   /* bool */
    OPTION_INT,    /* long long, least <= value <= most */
    OPTION_REAL,   /* double, least <= value <= most, finite */
    OPTION_TEXT,   /* const char *, points into argv; NULL when there is no default */
    OPTION_CHOICE, /* const char *, one of the words in `argument`, separated by '|' */
};

struct option {
    char letter;      /* 'w' gives -w; 0: long name only. A row with a NULL name ends the table. */
    const char *name; /* "width" gives --width */
    enum option_type type;
    void *value;          /* the variable, of the type above */
    const char *argument; /* the value's name in the help: "SECONDS", "sine|piano"; NULL for a flag */
    double least, most;   /* range of a number; both 0: any (finite) number */
    const char *help;     /* one sentence, no full stop; the default and the range are added */
};

struct program {
    const char *name;     /* "chunks-to-keys" */
    const char *operands; /* "[FILE ...]", "" when there are none */
    const char *summary;  /* one line */
    int operands_most;    /* more is a usage error; -1: any number */
    const struct option *options;
};

/* Parses argv, sets the variables and program_name. Options and operands may be mixed; "--" ends options.
 * Returns the index of the first operand in argv (operands are permuted to the end). --help and --version
 * print on standard output and exit 0; anything wrong is one line and exit 2. */
int options_parse_or_die(const struct program *program, int argc, char **argv);

#endif
