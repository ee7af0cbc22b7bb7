/* Reads the configuration of gan-train from YAML and checks every value. An error ends the program with
 * "program: FILE: line N: key: what is wrong" and exit 1. */
#ifndef KERNELS_MODEL_CONFIG_CONFIG_LOAD_H
#define KERNELS_MODEL_CONFIG_CONFIG_LOAD_H

#include "kernels/model/config/config.h"

/* Reads a YAML file. Caller frees with config_free. */
struct config *config_load_or_die(const char *path);

/* The same from memory; messages have `name` for the path. The text is copied. */
struct config *config_parse_or_die(const char *name, const uint8_t *text, size_t size);

void config_free(struct config *config);

#endif
