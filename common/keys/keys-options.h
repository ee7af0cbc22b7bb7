/* Options of the programs that make or read keys records: keys, length of a frame, width, floor. */
#ifndef COMMON_KEYS_KEYS_OPTIONS_H
#define COMMON_KEYS_KEYS_OPTIONS_H

#include "common/keys/keyboard.h"
#include "common/option.h"

/* struct key_range, from a word like "27-59". */
extern const struct option_type option_key_range;

/* const char *: a word that key_width_parse takes; NULL: no default. */
extern const struct option_type option_key_width;

/* double: Hz of A4, or 0 for the word "auto". */
extern const struct option_type option_tuning;

/* The initial values of a struct key_range. */
#define KEYS_DEFAULT KEYS_FIRST_DEFAULT, KEYS_LAST_DEFAULT

/* Rows of an options table. */
#define OPTION_KEYS(variable, help)                                                                          \
    'k', "keys", &option_key_range, variable, "FIRST-LAST", 1, KEYBOARD_KEYS, help
#define OPTION_INTERVAL(variable, help) 'i', "interval", OPTION_REAL, variable, "SECONDS", 0.0001, 10, help
#define OPTION_WIDTH(variable, help)    'w', "width", &option_key_width, variable, "WIDTH", 0, 0, help

/* Of programs that read keys: the facts of records that do not state them. */
#define OPTION_KEYS_UNSTATED(variable) OPTION_KEYS(variable, "Keys of records that do not state theirs")
#define OPTION_INTERVAL_UNSTATED(variable)                                                                   \
    OPTION_INTERVAL(variable, "Interval of records that do not state theirs")

/* What level_subtract_floor subtracts; `where` is "", or " from" and which records. */
#define OPTION_FLOOR(variable, where)                                                                        \
    0, "floor", OPTION_REAL, variable, "LOUDNESS", 0, 1e6,                                                   \
        "Subtract this" where " and divide by the largest first; 0: neither"

#endif
