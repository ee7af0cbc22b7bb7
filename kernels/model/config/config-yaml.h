/* The text of each value of a configuration, through libcyaml, and the line that it stands in. */
#ifndef KERNELS_MODEL_CONFIG_CONFIG_YAML_H
#define KERNELS_MODEL_CONFIG_CONFIG_YAML_H

#include "kernels/model/config/config-keys.h"

/* libcyaml sees to the structure, and every value is taken as text: its own booleans make any unknown word
 * true, its integers read 010 as eight, and it has no ranges. */
struct config_yaml {
    const char *name; /* for messages */
    const char *text; /* size bytes and a NUL */
    size_t size;
    size_t keys;   /* in config_keys */
    char **values; /* (keys), NULL where the file does not have the key */
};

/* Fills keys and values. Dies at an unknown key, one given twice, and what is not YAML. */
void config_yaml_read_or_die(struct config_yaml *yaml);

/* "program: FILE: line N: group.key: message", exit 1; no line where the file does not have the key. */
_Noreturn void config_yaml_die(const struct config_yaml *yaml, const struct config_key *key,
                               const char *format, ...) __attribute__((format(printf, 3, 4)));

void config_yaml_free(struct config_yaml *yaml);

#endif
