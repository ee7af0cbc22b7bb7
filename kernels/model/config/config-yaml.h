/* The values of a YAML file as text, one for each key of the table, and messages that name a value's line. */
#ifndef KERNELS_MODEL_CONFIG_CONFIG_YAML_H
#define KERNELS_MODEL_CONFIG_CONFIG_YAML_H

#include "kernels/model/config/config-keys.h"

/* libcyaml reads the structure; every value is taken as text, because libcyaml's booleans make any unknown
 * word true, its integers read 010 as eight, and it checks no ranges. */
struct config_yaml {
    const char *name; /* for messages */
    const char *text; /* size bytes and a NUL */
    size_t size;
    size_t keys;   /* in config_keys */
    char **values; /* (keys), NULL where the file does not have the key */
};

/* Fills keys and values. Dies at an unknown key, at a key that is given twice, and where the text is no YAML.
 */
void config_yaml_read_or_die(struct config_yaml *yaml);

/* Dies with "program: FILE: line N: group.key: message"; without the line where the file does not have the
 * key. */
_Noreturn void config_yaml_die(const struct config_yaml *yaml, const struct config_key *key,
                               const char *format, ...) __attribute__((format(printf, 3, 4)));

void config_yaml_free(struct config_yaml *yaml);

#endif
