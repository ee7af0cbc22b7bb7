/* The table of the configuration's keys: name, type, default, range, and the member of struct config. */
#ifndef KERNELS_MODEL_CONFIG_CONFIG_KEYS_H
#define KERNELS_MODEL_CONFIG_CONFIG_KEYS_H

#include <stddef.h>

enum config_type {
    CONFIG_FLAG,   /* bool */
    CONFIG_INT,    /* int */
    CONFIG_REAL,   /* double */
    CONFIG_TEXT,   /* char * */
    CONFIG_CHOICE, /* int, the place of the word in `choices` */
    CONFIG_IGNORED /* any value, kept nowhere */
};

/* One key of the file. */
struct config_key {
    const char *group; /* the mapping that it stands in; NULL: the file itself */
    const char *name;
    enum config_type type;
    size_t offset;        /* of the member of struct config */
    const char *standard; /* the default, as text; "null" and "false" for a number: not set */
    double least, most;   /* range of a number */
    const char *choices;  /* words, separated by '|' */
};

/* All keys, those of a group together; ends with a NULL name. */
extern const struct config_key config_keys[];

#endif
